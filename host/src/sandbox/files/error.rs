//! What can go wrong with a file, and what the sink is told to do about it.

use std::io;
use std::path::PathBuf;

use crate::sandbox::types::FailureKind;
use crate::seal::{DocumentError, SealError};

/// Why a file was not read or replaced.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// No need of that name.
    #[error("no approved need names the file `{name}`")]
    NotApproved {
        /// As the sink gave it.
        name: String,
    },
    /// The operator opened no folder that holds it.
    #[error(
        "the file {} is in no folder that this plugin may use ({}): if it is meant, add `folders = [\"{}\"]` to its [plugins.NAME] in the config",
        path.display(), listed(opened), folder.display()
    )]
    NotOpened {
        /// The file.
        path: PathBuf,
        /// The folder it is in.
        folder: PathBuf,
        /// What is open.
        opened: Vec<PathBuf>,
    },
    /// It goes up.
    #[error("the path {} holds `..`: write it without", path.display())]
    Climbs {
        /// The path.
        path: PathBuf,
    },
    /// A link, which could lead anywhere.
    #[error(
        "{} is a symbolic link, and links are not followed: name the file that it leads to, and open its folder",
        path.display()
    )]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// Something other than a file.
    #[error("{} is {what}, not a file: check the settings", path.display())]
    NoFile {
        /// What was named.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A file where a folder should be.
    #[error("{} is no folder, so there is no {}: check the settings", path.display(), wanted.display())]
    NoFolder {
        /// What is there.
        path: PathBuf,
        /// What was looked for.
        wanted: PathBuf,
    },
    /// It isn't there.
    #[error("there is no {}: check the settings", path.display())]
    Missing {
        /// What isn't there.
        path: PathBuf,
    },
    /// Over the limit.
    #[error("{} would be over the limit of {most} bytes: raise `body` in the limits of the plugin", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        most: usize,
    },
    /// Its hidden fields can't be found.
    #[error("{} can't be shown to the sink: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: DocumentError,
    },
    /// The need is to read only.
    #[error("the file `{name}` is approved to be read, not replaced")]
    ReadOnly {
        /// As the need names it.
        name: String,
    },
    /// The need does not carry the secret.
    #[error("the file `{name}` is approved without the secret, and the new contents hold a token")]
    WithoutSecret {
        /// As the need names it.
        name: String,
    },
    /// A token is wrong.
    #[error(transparent)]
    Token(#[from] SealError),
    /// Someone else was there.
    #[error("{} was changed by someone else since it was read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Another keyferry is at work.
    #[error("another keyferry is replacing a file beside {}: try again", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The other names would keep the old secret.
    #[error("{} has other names (hard links), which would keep the old contents: make it a file of its own", path.display())]
    SeveralNames {
        /// The file.
        path: PathBuf,
    },
    /// The new file would not be as the old one.
    #[error("owner and mode of {} can't be kept ({source}): run keyferry as its owner", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// What came back.
        source: io::Error,
    },
    /// Anything else that the system said.
    #[error("{} can't be {what}: {source}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What was attempted.
        what: &'static str,
        /// What came back.
        source: io::Error,
    },
    /// It is replaced, but may not outlive a crash of the machine.
    #[error("{} was replaced, but its folder could not be synced to disk: {source}", path.display())]
    NotDurable {
        /// The file.
        path: PathBuf,
        /// What came back.
        source: io::Error,
    },
    /// The host is going down.
    #[error("the work on a file was stopped: {0}")]
    Stopped(tokio::task::JoinError),
}

impl FileError {
    /// What the host does next.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Missing { .. } => FailureKind::Missing,
            Self::Changed { .. } => FailureKind::Conflict,
            Self::Busy { .. } => FailureKind::Unavailable,
            Self::NotDurable { .. } | Self::Stopped(_) => FailureKind::Uncertain,
            Self::Owner { .. } => FailureKind::Denied,
            Self::System { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    FailureKind::Denied
                }
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    FailureKind::Unavailable
                }
                _ => FailureKind::Rejected,
            },
            _ => FailureKind::Rejected,
        }
    }
}

fn listed(folders: &[PathBuf]) -> String {
    match folders {
        [] => "none is open".to_owned(),
        folders => {
            let shown: Vec<_> = folders.iter().map(|f| f.display().to_string()).collect();
            format!("open: {}", shown.join(", "))
        }
    }
}
