//! From a file to a component that is ready to run, with a sentence for each that is none.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::p2::bindings as wasi;

use super::bindings::{SecretSink, SecretSinkPre, printable};
use super::cache::{Cache, hex};
use super::limits::Allowance;
use super::state::State;

/// Why a file can't serve as a sink.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It can't be read.
    #[error("cannot read the plugin {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What came back.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{} is not a WebAssembly component: it is {found}. {remedy}", path.display())]
    NotAComponent {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        found: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// It is damaged, or uses what this engine does not.
    #[error("{} can't be compiled: {problem}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What the compiler said.
        problem: String,
    },
    /// It wants more than there is.
    #[error("{} imports {}, which no host of sinks offers.\nA sink can import keyferry:sink@{CONTRACT} (http, files, commands, log, types) and, without effect, wasi:io, wasi:clocks, wasi:random, wasi:cli and wasi:filesystem.", path.display(), .imports.join(", "))]
    Imports {
        /// The file.
        path: PathBuf,
        /// What is not there.
        imports: Vec<String>,
    },
    /// It is a component for something else, or for another version.
    #[error("{} is a component for another world or version: a sink exports {}, and this one exports {}", path.display(), wanted.join(" and "), if found.is_empty() { "nothing".to_owned() } else { found.join(", ") })]
    Exports {
        /// The file.
        path: PathBuf,
        /// What a sink exports.
        wanted: Vec<String>,
        /// What it exports.
        found: Vec<String>,
    },
    /// The names are right and the types are not.
    #[error("{} does not fit the contract keyferry:sink@{CONTRACT}: {problem}", path.display())]
    Types {
        /// The file.
        path: PathBuf,
        /// What differs.
        problem: String,
    },
}

/// The version of the contract that this host speaks.
pub const CONTRACT: &str = "0.1.0";

/// WASI that an off-the-shelf JavaScript or Python component wants in order to start. What is
/// linked is empty: no environment, no arguments, no folder, discarded output.
const INERT: [&str; 5] = [
    "wasi:io/",
    "wasi:clocks/",
    "wasi:random/",
    "wasi:cli/",
    "wasi:filesystem/",
];
/// Python's runtime imports sockets whether it uses them or not; a call of one ends the guest.
const TRAPPED: &str = "wasi:sockets/";

/// The bytes of a plugin with their digest, not yet looked into.
pub struct PluginFile {
    /// Where it lies.
    pub path: PathBuf,
    /// In hex.
    pub sha256: String,
    bytes: Vec<u8>,
}

impl PluginFile {
    /// Reads a plugin.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let bytes = std::fs::read(path).map_err(|source| LoadError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let sha256 = hex(&Sha256::digest(&bytes));
        Ok(Self {
            path: path.to_owned(),
            sha256,
            bytes,
        })
    }

    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }
}

/// A component, ready to be instantiated.
pub struct Prepared {
    /// Where it lies.
    pub path: PathBuf,
    /// Of the file, in hex.
    pub sha256: String,
    /// Every import by name.
    pub imports: Vec<String>,
    /// What the operator allows it.
    pub allowance: Arc<Allowance>,
    pub(super) pre: SecretSinkPre<State>,
}

/// Links what every sink may import.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker: Linker<State> = Linker::new(engine);
    let l = &mut linker;
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(l)?;
    wasi::random::insecure::add_to_linker::<State, wasmtime_wasi::random::WasiRandom>(l, |s| {
        s.ctx().ctx.random()
    })?;
    wasi::random::insecure_seed::add_to_linker::<State, wasmtime_wasi::random::WasiRandom>(
        l,
        |s| s.ctx().ctx.random(),
    )?;
    use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
    wasi::cli::environment::add_to_linker::<State, WasiCli>(l, State::cli)?;
    wasi::cli::exit::add_to_linker::<State, WasiCli>(l, State::cli)?;
    wasi::cli::terminal_input::add_to_linker::<State, WasiCli>(l, State::cli)?;
    wasi::cli::terminal_output::add_to_linker::<State, WasiCli>(l, State::cli)?;
    wasi::cli::terminal_stdin::add_to_linker::<State, WasiCli>(l, State::cli)?;
    wasi::cli::terminal_stdout::add_to_linker::<State, WasiCli>(l, State::cli)?;
    wasi::cli::terminal_stderr::add_to_linker::<State, WasiCli>(l, State::cli)?;
    use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
    wasi::filesystem::types::add_to_linker::<State, WasiFilesystem>(l, State::filesystem)?;
    wasi::filesystem::preopens::add_to_linker::<State, WasiFilesystem>(l, State::filesystem)?;
    SecretSink::add_to_linker::<_, wasmtime::component::HasSelf<_>>(l, |state| state)?;
    Ok(linker)
}

/// Makes a component ready: from the cache if it is there, else compiled and kept.
pub(super) fn prepare(
    engine: &Engine,
    linker: &Linker<State>,
    cache: &Cache,
    file: &PluginFile,
    allowance: Allowance,
) -> Result<Prepared, LoadError> {
    let path = || file.path.clone();
    let component = match cache.load(engine, &file.sha256) {
        Some(component) => component,
        None => {
            check_kind(file)?;
            let component =
                Component::from_binary(engine, &file.bytes).map_err(|error| LoadError::Broken {
                    path: path(),
                    problem: printable(&error.root_cause().to_string()),
                })?;
            cache.store(engine, &file.sha256, &component);
            component
        }
    };
    let imports = check_names(engine, &component, file)?;
    let mut linker = std::borrow::Cow::Borrowed(linker);
    if imports.iter().any(|import| import.starts_with(TRAPPED)) {
        linker
            .to_mut()
            .define_unknown_imports_as_traps(&component)
            .map_err(|error| LoadError::Types {
                path: path(),
                problem: printable(&format!("{error:#}")),
            })?;
    }
    let pre = linker
        .instantiate_pre(&component)
        .and_then(SecretSinkPre::new)
        .map_err(|error| LoadError::Types {
            path: path(),
            problem: printable(&format!("{error:#}")),
        })?;
    Ok(Prepared {
        path: path(),
        sha256: file.sha256.clone(),
        imports,
        allowance: Arc::new(allowance),
        pre,
    })
}

fn check_kind(file: &PluginFile) -> Result<(), LoadError> {
    let (found, remedy) = match file.bytes.as_slice() {
        [] => ("empty", "Build it again."),
        bytes if Engine::detect_precompiled(bytes).is_some() => (
            "code compiled by wasmtime, which could do anything",
            "Give the .wasm it was made from.",
        ),
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => return Ok(()),
        [0, b'a', b's', b'm', ..] => (
            "a core module",
            "Make a component of it: `cargo xtask plugins` does for a Rust sink, `wasm-tools component new` for others.",
        ),
        _ => ("not wasm at all", "Check the `path` in the config."),
    };
    Err(LoadError::NotAComponent {
        path: file.path.clone(),
        found,
        remedy,
    })
}

/// Looks at names before types, so that what is refused can be named.
fn check_names(
    engine: &Engine,
    component: &Component,
    file: &PluginFile,
) -> Result<Vec<String>, LoadError> {
    let ty = component.component_type();
    let imports: Vec<String> = ty
        .imports(engine)
        .map(|(name, _)| printable(name))
        .collect();
    let refused: Vec<String> = imports
        .iter()
        .filter(|name| !may_import(name))
        .cloned()
        .collect();
    if !refused.is_empty() {
        return Err(LoadError::Imports {
            path: file.path.clone(),
            imports: refused,
        });
    }
    let found: Vec<String> = ty
        .exports(engine)
        .map(|(name, _)| printable(name))
        .collect();
    let wanted = ["manifest", "sink"].map(|name| format!("keyferry:sink/{name}@{CONTRACT}"));
    let exports = |name: &str| found.iter().any(|export| same_contract(export, name));
    if !exports("manifest") || !exports("sink") {
        return Err(LoadError::Exports {
            path: file.path.clone(),
            wanted: wanted.to_vec(),
            found,
        });
    }
    Ok(imports)
}

fn may_import(name: &str) -> bool {
    ["types", "http", "files", "commands", "log"]
        .iter()
        .any(|own| same_contract(name, own))
        || INERT.iter().any(|prefix| name.starts_with(prefix))
        || name.starts_with(TRAPPED)
}

/// Whether `name` is our interface in a version that wasmtime takes for compatible: 0.1.x.
fn same_contract(name: &str, interface: &str) -> bool {
    name.strip_prefix("keyferry:sink/")
        .and_then(|rest| rest.strip_prefix(interface))
        .and_then(|rest| rest.strip_prefix("@0.1."))
        .is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|b| b.is_ascii_digit()))
}
