//! Where sinks run: one engine, a fresh store for every call, and the gates that are all a sink
//! can reach.

mod bindings;
mod cache;
mod call;
mod commands;
mod engine;
mod files;
pub mod http;
mod limits;
mod load;
mod state;
#[cfg(test)]
mod tests;
pub mod types;

use std::path::Path;
use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::Linker;

pub use cache::hex;
pub use call::{CallError, KnownCredential, Sink, Target};
pub use limits::{Allowance, Limits};
pub use load::{CONTRACT, LoadError, PluginFile, Prepared};
pub use state::{LogLevel, LogLine};

use self::cache::Cache;
use self::http::{HttpGate, PrivateRanges, Route};
use self::state::State;
use crate::policy::Description;

/// Where lines of sinks go.
pub type SinkLog = Arc<dyn Fn(LogLine) + Send + Sync>;

/// Everything that all sinks share.
pub struct Sandbox {
    engine: Engine,
    linker: Linker<State>,
    cache: Cache,
    gate: Arc<HttpGate>,
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine can't be made here.
    #[error("this machine can't run sandboxed plugins: {0}")]
    Engine(wasmtime::Error),
    /// The cache can't be opened.
    #[error(
        "cannot open the plugin cache in {folder}: {source}\nCheck that the state directory can be written, or name another with --state-dir."
    )]
    Cache {
        /// Where it should be.
        folder: String,
        /// What came back.
        source: std::io::Error,
    },
}

impl Sandbox {
    /// Makes the engine and opens the cache.
    ///
    /// # Errors
    /// If the machine or the state directory does not allow it.
    pub fn new(
        state_dir: &Path,
        routes: Vec<Route>,
        private: PrivateRanges,
    ) -> Result<Self, SandboxError> {
        let engine = engine::engine().map_err(SandboxError::Engine)?;
        let linker = load::linker(&engine).map_err(SandboxError::Engine)?;
        let folder = state_dir.join("cache");
        let cache = Cache::open(&folder).map_err(|source| SandboxError::Cache {
            folder: folder.display().to_string(),
            source,
        })?;
        let gate = Arc::new(HttpGate::new(routes, private));
        Ok(Self {
            engine,
            linker,
            cache,
            gate,
        })
    }

    /// Makes a component ready to run.
    ///
    /// # Errors
    /// If the file is no sink for this host; says which it is.
    pub fn prepare(&self, file: &PluginFile, allowance: Allowance) -> Result<Prepared, LoadError> {
        load::prepare(&self.engine, &self.linker, &self.cache, file, allowance)
    }

    /// Asks a component what it is, with no grant at all.
    ///
    /// # Errors
    /// If it traps, runs into a limit, or its answer is unusable.
    pub async fn describe(&self, prepared: &Prepared) -> Result<Description, CallError> {
        call::describe(self, prepared).await
    }
}
