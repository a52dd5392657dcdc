//! Why a step of a sink failed. The host decides from the kind alone what comes next, so choosing
//! the right constructor is the sink's whole error handling.

use std::fmt;

/// What the host does next follows from this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Passing: the same call is tried again after a pause.
    Unavailable,
    /// The identity in use may not do this.
    Denied,
    /// A place named in the settings does not exist.
    Missing,
    /// Someone else changed it since it was read.
    Conflict,
    /// Trying again can't help.
    Rejected,
    /// Whether it took effect is not known.
    Uncertain,
}

/// A step that could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// What the host acts on.
    pub kind: FailureKind,
    /// For the operator: what failed, where, and what to do about it.
    pub message: String,
    /// How long the other side asked to wait.
    pub retry_after_ms: Option<u32>,
}

impl Failure {
    /// A failure of the kind.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            retry_after_ms: None,
        }
    }

    /// Throttled, busy, 5xx: tried again after a pause.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Unavailable, message)
    }

    /// The identity in use may not do this.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Denied, message)
    }

    /// A place named in the settings does not exist.
    pub fn missing(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Missing, message)
    }

    /// Someone else changed it since it was read: tried again, a few times.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Conflict, message)
    }

    /// Wrong settings, an unexpected shape, a refused value: trying again can't help.
    pub fn rejected(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Rejected, message)
    }

    /// Whether it took effect is not known: `verify` comes before any retry.
    pub fn uncertain(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Uncertain, message)
    }

    /// The other side asked to wait this long.
    pub fn retry_after(mut self, milliseconds: u32) -> Self {
        self.retry_after_ms = Some(milliseconds);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
