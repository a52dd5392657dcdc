//! What the issuer tells about projects, environments and pipeline executions, in our words.

use std::fmt::{self, Display};

/// A project of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The issuer's id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// An environment of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name, unique in the project.
    pub name: String,
    /// The runner that its pipelines run on, unless they name another.
    pub default_runner: Option<String>,
}

/// One run of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The issuer's id.
    pub id: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// The project it belongs to.
    pub project_id: String,
    /// The environment it runs in.
    pub environment: String,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it began, as the issuer wrote it.
    pub started_at: Option<String>,
    /// What started it.
    pub trigger: Option<String>,
}

/// Where an execution stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecutionStatus {
    /// Waiting for a runner. Not documented, but seen.
    Queued,
    /// Running.
    Running,
    /// Being cancelled, and so still running.
    Cancelling,
    /// Over: cancelled.
    Cancelled,
    /// Over: done.
    Success,
    /// Over: failed.
    Failed,
    /// Over: never begun.
    Skipped,
    /// The issuer does not know.
    Unknown,
    /// A word this version does not know.
    Other(String),
}

impl ExecutionStatus {
    pub(super) fn parse(text: &str) -> Self {
        match text.trim().to_ascii_uppercase().as_str() {
            "QUEUED" => ExecutionStatus::Queued,
            "RUNNING" => ExecutionStatus::Running,
            "CANCELLING" => ExecutionStatus::Cancelling,
            "CANCELLED" => ExecutionStatus::Cancelled,
            "SUCCESS" => ExecutionStatus::Success,
            "FAILED" => ExecutionStatus::Failed,
            "SKIPPED" => ExecutionStatus::Skipped,
            "UNKNOWN" | "" => ExecutionStatus::Unknown,
            _ => ExecutionStatus::Other(text.trim().to_owned()),
        }
    }

    /// Whether the runner is needed for it still. A word we don't know counts as yes: it is better
    /// to wait for nothing than to cut off a pipeline.
    pub fn is_in_flight(&self) -> bool {
        match self {
            ExecutionStatus::Queued
            | ExecutionStatus::Running
            | ExecutionStatus::Cancelling
            | ExecutionStatus::Other(_) => true,
            ExecutionStatus::Cancelled
            | ExecutionStatus::Success
            | ExecutionStatus::Failed
            | ExecutionStatus::Skipped
            | ExecutionStatus::Unknown => false,
        }
    }
}

impl Display for ExecutionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ExecutionStatus::Queued => "queued",
            ExecutionStatus::Running => "running",
            ExecutionStatus::Cancelling => "cancelling",
            ExecutionStatus::Cancelled => "cancelled",
            ExecutionStatus::Success => "success",
            ExecutionStatus::Failed => "failed",
            ExecutionStatus::Skipped => "skipped",
            ExecutionStatus::Unknown => "unknown",
            ExecutionStatus::Other(text) => text,
        })
    }
}
