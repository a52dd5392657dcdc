//! Exit codes, and errors that carry one.

use std::process::ExitCode;

/// What the exit status says; the same table is in the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// It failed before anything began.
    Failed = 1,
    /// Wrong use of the command line.
    Usage = 2,
    /// Refused, by plan, rehearsal, drain or issuer: the old secret lives.
    Refused = 3,
    /// Refreshed, safe in the journal, not written.
    NotWritten = 4,
    /// Written, not proven; or refused, and the runner is still paused.
    NotProven = 5,
    /// Another keyferry holds this runner.
    Locked = 6,
    /// Whether the refresh happened is not known.
    NotKnown = 10,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// An error with the status that it ends the process with.
pub struct CliError {
    /// The status.
    pub exit: Exit,
    /// What to say.
    pub error: anyhow::Error,
}

impl<E: Into<anyhow::Error>> From<E> for CliError {
    fn from(error: E) -> Self {
        let error = error.into();
        let exit = match error.downcast_ref::<crate::rotation::LockError>() {
            Some(crate::rotation::LockError::Held { .. }) => Exit::Locked,
            _ => Exit::Failed,
        };
        Self { exit, error }
    }
}

/// What a subcommand gives.
pub type CliResult = Result<Exit, CliError>;

/// An error with a status of its own.
pub fn fail(exit: Exit, message: impl std::fmt::Display) -> CliError {
    CliError {
        exit,
        error: anyhow::anyhow!("{message}"),
    }
}
