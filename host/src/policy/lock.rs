//! `keyferry.lock`: the components and needs that the operator approved.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Approved, Description, Need};

/// The version of the file's form.
const FORM: u32 = 1;

/// The approvals beside one config.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    pins: Vec<Pin>,
}

/// One approved component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The plugin's name in the config.
    pub plugin: String,
    /// What the component calls itself.
    pub sink: String,
    /// The component's own version.
    pub version: String,
    /// Of the file, in hex.
    pub sha256: String,
    /// Exactly these.
    #[serde(default, rename = "need")]
    pub needs: Vec<Need>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(default, rename = "plugin")]
    plugins: Vec<Pin>,
}

/// Why the lock file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It can't be read or written.
    #[error("cannot {attempted} {}: {source}", path.display())]
    Io {
        /// `read` or `write`.
        attempted: &'static str,
        /// The lock file.
        path: PathBuf,
        /// What came back.
        source: std::io::Error,
    },
    /// It isn't in the form that it is written in.
    #[error("{} is not a lock file as keyferry writes it: {problem}\nRemove it and approve the plugins anew with `keyferry plugins approve NAME`.", path.display())]
    Malformed {
        /// The lock file.
        path: PathBuf,
        /// What the parser said.
        problem: String,
    },
    /// A newer keyferry wrote it.
    #[error("{} has form {found}, and this keyferry reads form {FORM}: use the keyferry that wrote it, or a newer one", path.display())]
    Newer {
        /// The lock file.
        path: PathBuf,
        /// Its form.
        found: u32,
    },
}

/// How a component differs from what was approved; every case says how to approve it.
#[derive(Debug, thiserror::Error)]
pub enum Difference {
    /// Never approved.
    #[error(
        "plugin `{plugin}` is not approved yet: read what it asks for and approve it with `keyferry plugins approve {plugin}`"
    )]
    Unknown {
        /// The plugin's name.
        plugin: String,
    },
    /// Another file.
    #[error(
        "plugin `{plugin}` is not the file that was approved: its sha256 is {found}, keyferry.lock has {approved}\nIf you changed it on purpose, approve it again with `keyferry plugins approve {plugin}`."
    )]
    Digest {
        /// The plugin's name.
        plugin: String,
        /// The file's digest.
        found: String,
        /// The lock's.
        approved: String,
    },
    /// The same file, and it asks for something else.
    #[error("plugin `{plugin}` asks for more or other things than were approved:\n{}\nIt is not run. If it may have them, approve it with `keyferry plugins approve {plugin}`.", changes.join("\n"))]
    Needs {
        /// The plugin's name.
        plugin: String,
        /// Lines with `+` and `-`.
        changes: Vec<String>,
    },
}

impl Lock {
    /// The lock that lies beside `config`.
    pub fn path_beside(config: &Path) -> PathBuf {
        config.with_file_name("keyferry.lock")
    }

    /// Reads the lock; a file that is not there is an empty one.
    ///
    /// # Errors
    /// If it can't be read or isn't one.
    pub fn load(path: &Path) -> Result<Self, LockError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self {
                    path: path.into(),
                    pins: Vec::new(),
                });
            }
            Err(source) => {
                return Err(LockError::Io {
                    attempted: "read",
                    path: path.into(),
                    source,
                });
            }
        };
        let malformed = |error: toml::de::Error| LockError::Malformed {
            path: path.into(),
            problem: error.message().to_owned(),
        };
        let table: toml::Table = toml::from_str(&text).map_err(malformed)?;
        if let Some(found) = table.get("version").and_then(toml::Value::as_integer)
            && found > i64::from(FORM)
        {
            let found = u32::try_from(found).unwrap_or(u32::MAX);
            return Err(LockError::Newer {
                path: path.into(),
                found,
            });
        }
        let file: File = toml::from_str(&text).map_err(malformed)?;
        Ok(Self {
            path: path.into(),
            pins: file.plugins,
        })
    }

    /// What was approved for a plugin.
    pub fn pin(&self, plugin: &str) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.plugin == plugin)
    }

    /// Whether the file with this digest is the approved one; asked before it is compiled or run.
    ///
    /// # Errors
    /// If it isn't.
    pub fn check_digest(&self, plugin: &str, sha256: &str) -> Result<&Pin, Difference> {
        let pin = self.pin(plugin).ok_or_else(|| Difference::Unknown {
            plugin: plugin.to_owned(),
        })?;
        if pin.sha256 != sha256 {
            return Err(Difference::Digest {
                plugin: plugin.to_owned(),
                found: sha256.to_owned(),
                approved: pin.sha256.clone(),
            });
        }
        Ok(pin)
    }

    /// The needs as approved, if they are those that the component asks for.
    ///
    /// # Errors
    /// If digest or needs differ.
    pub fn check(
        &self,
        plugin: &str,
        sha256: &str,
        asked: &[Need],
    ) -> Result<Approved<Vec<Need>>, Difference> {
        let pin = self.check_digest(plugin, sha256)?;
        if pin.needs != asked {
            let changes = changes(&pin.needs, asked);
            return Err(Difference::Needs {
                plugin: plugin.to_owned(),
                changes,
            });
        }
        Ok(Approved(pin.needs.clone()))
    }

    /// Approves a component with all that it asks for, and writes the file.
    ///
    /// # Errors
    /// If the file can't be written; it is then as it was.
    pub fn approve(
        &mut self,
        plugin: &str,
        sha256: &str,
        description: &Description,
    ) -> Result<(), LockError> {
        self.pins.retain(|pin| pin.plugin != plugin);
        self.pins.push(Pin {
            plugin: plugin.to_owned(),
            sink: description.name.clone(),
            version: description.version.clone(),
            sha256: sha256.to_owned(),
            needs: description.needs.clone(),
        });
        self.pins.sort_by(|a, b| a.plugin.cmp(&b.plugin));
        let io = |source| LockError::Io {
            attempted: "write",
            path: self.path.clone(),
            source,
        };
        let file = File {
            version: FORM,
            plugins: self.pins.clone(),
        };
        let body = toml::to_string(&file).map_err(|error| io(std::io::Error::other(error)))?;
        let text = format!(
            "# Written by `keyferry plugins approve`: these components, and nothing but these needs.\n{body}"
        );
        crate::disk::replace(&self.path, text.as_bytes(), 0o644).map_err(io)
    }
}

/// What was approved and is no longer asked, and what is asked and was not approved.
pub fn changes(approved: &[Need], asked: &[Need]) -> Vec<String> {
    let marked =
        |sign: char, need: &Need| format!("{sign} {}", need.in_words().replace('\n', "\n  "));
    let gone = approved
        .iter()
        .filter(|need| !asked.contains(need))
        .map(|need| marked('-', need));
    let new = asked
        .iter()
        .filter(|need| !approved.contains(need))
        .map(|need| marked('+', need));
    let changes: Vec<String> = gone.chain(new).collect();
    match changes.is_empty() {
        true => vec!["  the same needs in another order".to_owned()],
        false => changes,
    }
}
