//! What can go wrong with a program, and what the sink is told to do about it.

use std::io;

use crate::sandbox::files::FileError;
use crate::sandbox::types::FailureKind;

/// Why a program gave no output.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// No need of that name.
    #[error("no approved need names the command `{name}`")]
    NotApproved {
        /// As the sink gave it.
        name: String,
    },
    /// The need names none.
    #[error("the need names no program")]
    Empty,
    /// A path that depends on the current folder.
    #[error(
        "`{program}` is no program's name: a need must name it without `/`, or by its full path"
    )]
    RelativeProgram {
        /// As the need names it.
        program: String,
    },
    /// It isn't there.
    #[error(
        "there is no program `{program}` on the PATH: install it, or start keyferry where it is found"
    )]
    NoProgram {
        /// As the need names it.
        program: String,
    },
    /// A token in its arguments.
    #[error("an argument of `{program}` holds a token, and arguments never carry the secret")]
    SecretArgument {
        /// As the need names it.
        program: String,
    },
    /// Its folder can't be entered.
    #[error("the program's folder can't be used: {0}")]
    Directory(#[from] FileError),
    /// The system did not start it.
    #[error("`{program}` can't be started: {source}")]
    NotStarted {
        /// As the need names it.
        program: String,
        /// What came back.
        source: io::Error,
    },
    /// It was ended.
    #[error(
        "`{program}` was ended after {seconds} s: raise `time` in the limits of the plugin if it needs longer"
    )]
    TimedOut {
        /// As the need names it.
        program: String,
        /// How long it ran.
        seconds: u64,
    },
    /// It printed without end.
    #[error(
        "`{program}` printed more than {most} bytes, so its output is not shown: raise `body` in the limits of the plugin if it is right"
    )]
    TooMuch {
        /// As the need names it.
        program: String,
        /// The limit.
        most: usize,
    },
    /// It is gone, and what it said with it.
    #[error("`{program}` ended, and something it started kept its output open")]
    Lost {
        /// As the need names it.
        program: String,
    },
}

impl CommandError {
    /// What the host does next.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::NoProgram { .. } => FailureKind::Missing,
            Self::Directory(error) => error.kind(),
            Self::NotStarted { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => FailureKind::Denied,
                io::ErrorKind::NotFound => FailureKind::Missing,
                _ => FailureKind::Rejected,
            },
            Self::TimedOut { .. } | Self::TooMuch { .. } | Self::Lost { .. } => {
                FailureKind::Uncertain
            }
            _ => FailureKind::Rejected,
        }
    }
}
