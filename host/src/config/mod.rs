//! `keyferry.toml` to types. Whatever can be wrong in the file is found here, before anything else
//! begins, and reported with the line and what would be right. No secret is ever held in these
//! types, only where to get it.

mod auth;
mod document;
mod error;
mod excerpt;
mod journal;
mod locate;
mod matillion;
mod network;
mod plugin;
mod runner;
mod secret_source;
mod units;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::{self, Path, PathBuf};

use document::{Document, Section};

pub use auth::{Auth, Azure, AzureMethod, Snowflake};
pub use error::{ConfigError, Mistake};
pub use journal::Journal;
pub use locate::{find, state_dir};
pub use matillion::Matillion;
pub use network::{AllowPrivate, Route};
pub use plugin::{Limits, Plugin};
pub use runner::{Drain, Identity, Runner};
pub use secret_source::SecretSource;

const SECTIONS: &[&str] = &[
    "matillion",
    "auth",
    "plugins",
    "runners",
    "routes",
    "allow_private",
    "limits",
    "journal",
];

/// All that an operator configures.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from, absolute.
    pub path: PathBuf,
    /// The issuer, and who asks.
    pub matillion: Matillion,
    /// Credentials that the http gate adds, by name.
    pub auth: BTreeMap<String, Auth>,
    /// Sinks, by name.
    pub plugins: BTreeMap<String, Plugin>,
    /// Runners, by the name the operator gave them.
    pub runners: BTreeMap<String, Runner>,
    /// Hosts that are reached at another address.
    pub routes: Vec<Route>,
    /// Hosts that may have private addresses.
    pub allow_private: Vec<AllowPrivate>,
    /// How the journal is kept.
    pub journal: Journal,
}

impl Config {
    /// The folder that relative paths start from, and `keyferry.lock` lies in.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// The runner of this name.
    pub fn runner(&self, name: &str) -> Result<&Runner, ConfigError> {
        self.runners.get(name).ok_or_else(|| {
            let known = || self.runners.keys().map(String::as_str);
            ConfigError::NoSuchRunner {
                wanted: name.to_owned(),
                nearest: error::nearest(name, known()),
                known: known().map(str::to_owned).collect(),
                path: self.path.clone(),
            }
        })
    }
}

/// Reads and checks the file. Of what it refers to, only a `client_id` that is not written in it is
/// read.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let path = path::absolute(path).map_err(unreadable)?;
    let text = fs::read_to_string(&path).map_err(unreadable)?;
    parse(path.clone(), &text)
}

/// Checks a text as if it stood at `path`.
pub(crate) fn parse(path: PathBuf, text: &str) -> Result<Config, ConfigError> {
    let document = Document::parse(&path, text)?;
    let root = document.root();
    root.accept(SECTIONS)?;
    let matillion = root.need(
        "matillion",
        "[matillion] with region, client_id and client_secret",
    )?;
    let matillion = matillion::read(matillion.section()?)?;
    let auth = named(&root, "auth", |_, section| auth::read(section))?;
    let limits = match root.get("limits") {
        Some(field) => plugin::limits(field.section()?)?,
        None => Limits::default(),
    };
    let plugins = named(&root, "plugins", |_, section| plugin::read(section, limits))?;
    let runners = named(&root, "runners", |name, section| {
        runner::read(name, section, &plugins, &auth)
    })?;
    let routes = network::routes(&root)?;
    let allow_private = network::allow_private(&root)?;
    let journal = journal::read(&root)?;
    Ok(Config {
        path,
        matillion,
        auth,
        plugins,
        runners,
        routes,
        allow_private,
        journal,
    })
}

/// Reads `[GROUP.NAME]` for every name.
fn named<T>(
    root: &Section<'_>,
    group: &str,
    read: impl Fn(&str, Section<'_>) -> Result<T, ConfigError>,
) -> Result<BTreeMap<String, T>, ConfigError> {
    let Some(field) = root.get(group) else {
        return Ok(BTreeMap::new());
    };
    let mut all = BTreeMap::new();
    for (name, field) in field.section()?.names()? {
        all.insert(name.to_owned(), read(name, field.section()?)?);
    }
    Ok(all)
}
