//! How long a driver waits, how an attempt can end, and where the time went.

use std::time::Duration;

use super::record::{Phase, Record};

/// How long things may take.
#[derive(Clone, Debug)]
pub struct Patience {
    /// Between two looks at the same thing, once it has been looked at a few times.
    pub poll: Duration,
    /// For a drain.
    pub drain: Duration,
    /// For new instances to come up.
    pub rollout: Duration,
    /// For the runner to be seen.
    pub connect: Duration,
    /// The least that is left of the issuer's session when the request is sent.
    pub session: Duration,
    /// Before an unanswered request counts as not done although nothing changed.
    pub settle: Duration,
    /// Before the first retry; doubled each time.
    pub backoff: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(2),
            drain: Duration::from_secs(30 * 60),
            rollout: Duration::from_secs(30 * 60),
            connect: Duration::from_secs(10 * 60),
            session: Duration::from_secs(120),
            settle: Duration::from_secs(10),
            backoff: Duration::from_millis(500),
        }
    }
}

impl Patience {
    /// The waits between looks at one thing: short at first, `poll` in the long run.
    pub(super) fn polls(&self) -> impl Iterator<Item = Duration> + use<> {
        let most = self.poll;
        let doubled = move |wait: &Duration| Some((*wait * 2).min(most));
        std::iter::successors(Some(most / 16), doubled)
    }
}

/// How an attempt ended, or where it is held.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Nothing is left to do.
    Done(Record),
    /// Nothing was changed at the issuer.
    Refused(Record),
    /// It stands still, and `resume` goes on from there.
    Held(Record, Halt),
}

/// Where an attempt is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// The secret is safe in the journal, and not where the runner reads it.
    NotWritten,
    /// It is written; restart, rollout or connection are not proven.
    NotProven,
    /// Whether there is a new secret is not known.
    NotKnown,
    /// Nothing was refreshed, and the runner may still be paused.
    StillPaused,
}

/// Where the time of one run went.
#[derive(Clone, Debug, Default)]
pub struct Timings {
    /// Microseconds by phase, in the order they were come to; without the journal's.
    pub phases: Vec<(Phase, u64)>,
    /// Microseconds that the journal took.
    pub journal_us: u64,
}
