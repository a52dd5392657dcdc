//! `[plugins.NAME]`: a sink, what it may reach on this machine, and how much it may use.

use std::path::PathBuf;
use std::time::Duration;

use super::document::Section;
use super::error::ConfigError;
use super::secret_source;

/// A sink that runners can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// The component.
    pub path: PathBuf,
    /// Where relative paths in the settings of its runners start: the config's folder.
    pub base: PathBuf,
    /// The folders that its files may lie in.
    pub folders: Vec<PathBuf>,
    /// The environment variables that its commands get.
    pub environment: Vec<String>,
    /// Limits of one call, where they differ from the sandbox's own.
    pub limits: Limits,
}

/// Limits of one call of a sink; what is not set stays as the sandbox has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// All memories together, in bytes.
    pub memory: Option<u64>,
    /// Wall clock.
    pub time: Option<Duration>,
    /// Requests.
    pub requests: Option<u32>,
    /// A body, in either direction, in bytes.
    pub body: Option<u64>,
    /// Lines of log.
    pub log_lines: Option<u32>,
}

const LARGEST_MEMORY: u64 = 4 << 30;

pub(super) fn read(section: Section<'_>, general: Limits) -> Result<Plugin, ConfigError> {
    section.accept(&["path", "folders", "environment", "limits"])?;
    let path = section.need("path", "path = \"plugins/NAME.wasm\"")?;
    let list = |key: &str| match section.get(key) {
        Some(field) => field.list(),
        None => Ok(Vec::new()),
    };
    let own = match section.get("limits") {
        Some(field) => limits(field.section()?)?,
        None => Limits::default(),
    };
    Ok(Plugin {
        path: path.path()?,
        base: section.folder().to_owned(),
        folders: list("folders")?
            .iter()
            .map(|field| field.path())
            .collect::<Result<_, _>>()?,
        environment: list("environment")?
            .iter()
            .map(secret_source::variable)
            .collect::<Result<_, _>>()?,
        limits: own.or(general),
    })
}

pub(super) fn limits(section: Section<'_>) -> Result<Limits, ConfigError> {
    section.accept(&["memory", "time", "requests", "body", "log_lines"])?;
    let size = |key: &str| section.get(key).map(|field| field.size()).transpose();
    let count = |key: &str| section.get(key).map(|field| field.count()).transpose();
    let limits = Limits {
        memory: size("memory")?,
        time: section
            .get("time")
            .map(|field| field.duration())
            .transpose()?,
        requests: count("requests")?,
        body: size("body")?,
        log_lines: count("log_lines")?,
    };
    for key in ["memory", "body"] {
        if let Some(field) = section.get(key)
            && field.size()? > LARGEST_MEMORY
        {
            return Err(field.wrong("is too large", "at most \"4GiB\""));
        }
    }
    Ok(limits)
}

impl Limits {
    fn or(self, other: Limits) -> Limits {
        Limits {
            memory: self.memory.or(other.memory),
            time: self.time.or(other.time),
            requests: self.requests.or(other.requests),
            body: self.body.or(other.body),
            log_lines: self.log_lines.or(other.log_lines),
        }
    }
}
