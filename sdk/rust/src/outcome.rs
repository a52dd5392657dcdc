//! What the five steps of a sink answer when they succeed.

/// How what is stored compares with the credential that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Currency {
    /// The store holds this credential.
    Current,
    /// It holds another one.
    Stale,
    /// The place exists and is empty.
    Absent,
    /// It can't be read, or never is shown; it may be writable.
    Unreadable,
}

/// What `check` found, and what will be done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// Where the secret goes: an ARN, a resource id, a file and key.
    pub location: String,
    /// What is there now.
    pub stored: Currency,
    /// What write and restart will do, one line each.
    pub steps: Vec<String>,
    /// What could not be confirmed and why, and what else the operator should know.
    pub warnings: Vec<String>,
}

impl Plan {
    /// A plan without steps and warnings.
    pub fn new(location: impl Into<String>, stored: Currency) -> Self {
        Self {
            location: location.into(),
            stored,
            steps: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Adds a line on what will be done.
    pub fn step(mut self, line: impl Into<String>) -> Self {
        self.steps.push(line.into());
        self
    }

    /// Adds what the operator should know.
    pub fn warning(mut self, line: impl Into<String>) -> Self {
        self.warnings.push(line.into());
        self
    }
}

/// What `write` stored, or `verify` read back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// Where it is stored.
    pub location: String,
    /// What the store calls this version of the secret.
    pub version: String,
    /// Whether the stored value itself was compared.
    pub compared: bool,
}

impl Receipt {
    /// A receipt for a value that was stored, and not compared.
    pub fn new(location: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            location: location.into(),
            version: version.into(),
            compared: false,
        }
    }

    /// Says that the stored value was compared.
    pub fn compared(mut self) -> Self {
        self.compared = true;
        self
    }
}

/// What `restart` started anew.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Workload {
    /// What was restarted.
    pub name: String,
    /// What tells the new instances from the old ones.
    pub marker: String,
}

impl Workload {
    /// A workload that was restarted.
    pub fn new(name: impl Into<String>, marker: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            marker: marker.into(),
        }
    }
}

/// Where a restart stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutState {
    /// Not begun.
    Pending,
    /// Under way.
    Progressing,
    /// All instances are new ones, and they run.
    Complete,
    /// It ended, and the new instances are not what runs.
    Failed,
    /// The sink can't see instances.
    Unseen,
}

/// How far a restart has come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rollout {
    /// Where it stands.
    pub state: RolloutState,
    /// New instances that run.
    pub ready: u32,
    /// New instances that should.
    pub wanted: u32,
    /// One line; the platform's own reason if it failed.
    pub detail: String,
}

impl Rollout {
    /// A rollout in the state, with `ready` of `wanted` new instances.
    pub fn new(state: RolloutState, ready: u32, wanted: u32, detail: impl Into<String>) -> Self {
        Self {
            state,
            ready,
            wanted,
            detail: detail.into(),
        }
    }

    /// A rollout whose instances the sink can't see.
    pub fn unseen(detail: impl Into<String>) -> Self {
        Self::new(RolloutState::Unseen, 0, 0, detail)
    }
}
