//! How rollouts go from now on.

use std::time::Duration;

/// How a rollout goes.
#[derive(Clone, Debug)]
pub struct Rollout {
    /// From the change of the template to the end.
    pub duration: Duration,
    /// How it ends.
    pub outcome: Outcome,
    /// How long old pods drain once they were told to end.
    pub drain: Duration,
}

/// How a rollout ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// All new pods run.
    Complete,
    /// The new pods' containers end again and again.
    CrashLoop,
    /// No new pod gets ready before the Deployment's deadline.
    DeadlineExceeded,
}

impl Default for Rollout {
    fn default() -> Self {
        Self {
            duration: Duration::from_millis(400),
            outcome: Outcome::Complete,
            drain: Duration::ZERO,
        }
    }
}
