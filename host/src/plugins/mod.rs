//! From a name in the config to a sink that may run: find, pin, inspect, approve.

mod settings;
#[cfg(test)]
mod tests;

use std::path::Path;

use crate::config::{self, Config};
use crate::policy::{self, Approved, Description, Difference, GrantError, Lock, LockError, Need};
use crate::sandbox::{Allowance, CallError, Limits, LoadError, PluginFile, Prepared, Sandbox};

pub use settings::{SettingsError, complete};

/// Why a plugin can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// No such name in the config.
    #[error("no plugin `{wanted}` is configured; configured are: {}", known.join(", "))]
    Unknown {
        /// The name asked for.
        wanted: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The file is no sink.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The lock file can't be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// It is not what was approved.
    #[error(transparent)]
    NotApproved(#[from] Difference),
    /// It could not say what it is.
    #[error("plugin `{plugin}` could not describe itself: {source}")]
    Describe {
        /// The plugin.
        plugin: String,
        /// How the call ended.
        source: CallError,
    },
    /// It asks for what no operator can grant.
    #[error("plugin `{plugin}` asks for something that can't be granted: {source}")]
    Impossible {
        /// The plugin.
        plugin: String,
        /// Which need.
        source: GrantError,
    },
    /// What it says of itself is unusable.
    #[error("plugin `{plugin}` describes itself wrongly: {problem}")]
    Description {
        /// The plugin.
        plugin: String,
        /// What is wrong.
        problem: String,
    },
}

/// A component with what it says of itself; not necessarily approved.
pub struct Inspected {
    /// Ready to run.
    pub prepared: Prepared,
    /// What it says.
    pub description: Description,
    /// The file's size.
    pub size: usize,
}

/// A component that was approved as it is.
pub struct Usable {
    /// Ready to run.
    pub prepared: Prepared,
    /// What it says.
    pub description: Description,
    /// What was approved.
    pub needs: Approved<Vec<Need>>,
}

/// The config of a plugin by its name.
///
/// # Errors
/// If there is none.
pub fn configured<'c>(config: &'c Config, name: &str) -> Result<&'c config::Plugin, PluginError> {
    config
        .plugins
        .get(name)
        .ok_or_else(|| PluginError::Unknown {
            wanted: name.to_owned(),
            known: config.plugins.keys().cloned().collect(),
        })
}

/// Looks into a component with no grant at all.
///
/// # Errors
/// If it is no sink, or asks for what can't be granted.
pub async fn inspect(
    sandbox: &Sandbox,
    name: &str,
    path: &Path,
    allowance: Allowance,
) -> Result<Inspected, PluginError> {
    let file = PluginFile::read(path)?;
    let prepared = sandbox.prepare(&file, allowance)?;
    let description = describe(sandbox, name, &prepared).await?;
    policy::check_shape(&description.needs).map_err(|source| PluginError::Impossible {
        plugin: name.to_owned(),
        source,
    })?;
    Ok(Inspected {
        prepared,
        description,
        size: file.size(),
    })
}

/// The plugin, if file and needs are those that were approved. A file with another digest is not
/// even compiled.
///
/// # Errors
/// If it isn't, or can't be used.
pub async fn usable(
    sandbox: &Sandbox,
    config: &Config,
    lock: &Lock,
    name: &str,
) -> Result<Usable, PluginError> {
    let plugin = configured(config, name)?;
    let file = PluginFile::read(&plugin.path)?;
    lock.check_digest(name, &file.sha256)?;
    let prepared = sandbox.prepare(&file, allowance(plugin))?;
    let description = describe(sandbox, name, &prepared).await?;
    let needs = lock.check(name, &file.sha256, &description.needs)?;
    Ok(Usable {
        prepared,
        description,
        needs,
    })
}

/// What the config allows a plugin besides its needs.
pub fn allowance(plugin: &config::Plugin) -> Allowance {
    let mut limits = Limits::default();
    let given = plugin.limits;
    let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    if let Some(memory) = given.memory {
        limits.memory_bytes = bytes(memory);
    }
    if let Some(time) = given.time {
        limits.time = time;
        limits.time_with_commands = time;
    }
    if let Some(requests) = given.requests {
        limits.requests = requests;
    }
    if let Some(body) = given.body {
        limits.body_bytes = bytes(body);
    }
    if let Some(lines) = given.log_lines {
        limits.log_lines = lines;
    }
    Allowance {
        limits,
        base: plugin.base.clone(),
        folders: plugin.folders.clone(),
        environment: plugin.environment.clone(),
    }
}

async fn describe(
    sandbox: &Sandbox,
    name: &str,
    prepared: &Prepared,
) -> Result<Description, PluginError> {
    let description = sandbox
        .describe(prepared)
        .await
        .map_err(|source| PluginError::Describe {
            plugin: name.to_owned(),
            source,
        })?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if description.name.is_empty() || !description.name.bytes().all(plain) {
        return Err(PluginError::Description {
            plugin: name.to_owned(),
            problem: "its name may hold lower case letters, digits and hyphens only".to_owned(),
        });
    }
    Ok(description)
}
