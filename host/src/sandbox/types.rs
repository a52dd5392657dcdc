//! What crosses the border of the sandbox, in the host's own types: no version of the contract is
//! seen beyond it.

use serde::{Deserialize, Serialize};

/// What the host does next follows from the kind alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    /// Passing.
    Unavailable,
    /// The identity may not.
    Denied,
    /// The place does not exist.
    Missing,
    /// Someone else changed it.
    Conflict,
    /// Trying again can't help.
    Rejected,
    /// It may have taken effect.
    Uncertain,
}

/// A step that a sink could not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What to do next.
    pub kind: FailureKind,
    /// For the operator; holds no value and no token.
    pub message: String,
    /// What the other side asked for.
    pub retry_after_ms: Option<u32>,
}

/// How what is stored compares with a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Currency {
    /// The same.
    Current,
    /// Another one.
    Stale,
    /// Nothing.
    Absent,
    /// It can't be seen.
    Unreadable,
}

/// What `check` found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Where the secret goes.
    pub location: String,
    /// What is there now.
    pub stored: Currency,
    /// What will be done.
    pub steps: Vec<String>,
    /// What could not be confirmed.
    pub warnings: Vec<String>,
}

/// What `write` and `verify` found stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Where.
    pub location: String,
    /// Which version.
    pub version: String,
    /// Whether the value itself was compared.
    pub compared: bool,
}

/// What was restarted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// Its name.
    pub name: String,
    /// What tells new instances from old.
    pub marker: String,
}

/// Where a restart stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RolloutState {
    /// Not begun.
    Pending,
    /// Under way.
    Progressing,
    /// All new.
    Complete,
    /// Over, and not new.
    Failed,
    /// The sink can't see.
    Unseen,
}

/// How far a restart has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// Where it stands.
    pub state: RolloutState,
    /// New instances that run.
    pub ready: u32,
    /// How many there should be.
    pub wanted: u32,
    /// One line.
    pub detail: String,
}
