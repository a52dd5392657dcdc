//! Where the config and the state lie, if nobody says so.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::ConfigError;

const FILE: &str = "keyferry.toml";

/// The config: `--config`, else `KEYFERRY_CONFIG`, else `./keyferry.toml`, else the user's own.
pub fn find(explicit: Option<&Path>) -> Result<PathBuf, ConfigError> {
    find_in(explicit, |name| env::var_os(name), Path::new("."))
}

/// The state: `--state-dir`, else `KEYFERRY_STATE_DIR`, else the user's state folder.
pub fn state_dir(explicit: Option<&Path>) -> Result<PathBuf, ConfigError> {
    state_dir_in(explicit, |name| env::var_os(name))
}

pub(super) fn find_in(
    explicit: Option<&Path>,
    variable: impl Fn(&str) -> Option<OsString>,
    here: &Path,
) -> Result<PathBuf, ConfigError> {
    if let Some(path) = explicit {
        return Ok(path.to_owned());
    }
    if let Some(path) = set(&variable, "KEYFERRY_CONFIG") {
        return Ok(path);
    }
    let own = user_folder(&variable, "XDG_CONFIG_HOME", ".config");
    let own = own.map(|folder| folder.join(FILE));
    let looked: Vec<PathBuf> = [Some(here.join(FILE)), own].into_iter().flatten().collect();
    match looked.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => Err(ConfigError::NotFound { looked }),
    }
}

pub(super) fn state_dir_in(
    explicit: Option<&Path>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, ConfigError> {
    if let Some(path) = explicit {
        return Ok(path.to_owned());
    }
    set(&variable, "KEYFERRY_STATE_DIR")
        .or_else(|| user_folder(&variable, "XDG_STATE_HOME", ".local/state"))
        .ok_or(ConfigError::NoStateDir)
}

/// The XDG rules: an empty or relative path counts as not set.
fn user_folder(
    variable: &impl Fn(&str) -> Option<OsString>,
    name: &str,
    default: &str,
) -> Option<PathBuf> {
    set(variable, name)
        .filter(|path| path.is_absolute())
        .or_else(|| set(variable, "HOME").map(|home| home.join(default)))
        .map(|folder| folder.join("keyferry"))
}

fn set(variable: &impl Fn(&str) -> Option<OsString>, name: &str) -> Option<PathBuf> {
    variable(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
