//! The runner's service: it is suspended and started over time, and its containers read the secret
//! at the very moment they start.

use std::time::{Duration, Instant};

/// How suspensions and starts go from now on.
#[derive(Clone, Debug)]
pub struct Pace {
    /// From SUSPEND to `SUSPENDED`.
    pub suspend: Duration,
    /// From RESUME to `RUNNING`.
    pub start: Duration,
    /// How a start ends.
    pub outcome: Outcome,
}

/// How a start ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// All containers run.
    Running,
    /// The service fails, and a container says this.
    Fails(String),
    /// It stays `PENDING`.
    Stuck,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            suspend: Duration::from_millis(40),
            start: Duration::from_millis(40),
            outcome: Outcome::Running,
        }
    }
}

/// A service as Snowflake describes it.
#[derive(Clone, Debug)]
pub struct Service {
    /// `RUNNING`, `SUSPENDING`, …
    pub status: String,
    /// How many containers there should be.
    pub wanted: u32,
    /// How many there are.
    pub current: u32,
    /// When it was last resumed, as a timestamp; none if never.
    pub resumed_on: Option<String>,
    /// What the container that does not run says.
    pub message: Option<String>,
    /// The runner whose container it holds.
    pub(super) runner_id: String,
    pub(super) client_id: String,
    due: Option<Instant>,
    resumptions: u32,
}

impl Service {
    pub(super) fn running(runner_id: &str, client_id: &str) -> Self {
        Self {
            status: "RUNNING".to_owned(),
            wanted: 2,
            current: 2,
            resumed_on: None,
            message: None,
            runner_id: runner_id.to_owned(),
            client_id: client_id.to_owned(),
            due: None,
            resumptions: 0,
        }
    }

    /// Whether it could be suspended.
    pub(super) fn suspend(&mut self, pace: &Pace) -> bool {
        let can = !self.status.starts_with("SUSPEND");
        if can {
            self.enter("SUSPENDING", Some(pace.suspend));
        }
        can
    }

    /// Whether it could be resumed.
    pub(super) fn resume(&mut self, pace: &Pace) -> bool {
        let can = self.status == "SUSPENDED";
        if can {
            self.start_anew(pace);
        }
        can
    }

    pub(super) fn start_anew(&mut self, pace: &Pace) {
        self.resumptions += 1;
        let seconds = 1_700_000_000 + self.resumptions;
        self.resumed_on = Some(format!("{seconds}.000000000 1440"));
        self.current = 0;
        self.enter("PENDING", Some(pace.start));
    }

    /// Goes on as far as the time allows; true if its containers start now.
    pub(super) fn tick(&mut self, now: Instant, pace: &Pace) -> bool {
        if self.due.is_none_or(|due| now < due) {
            return false;
        }
        match (self.status.as_str(), &pace.outcome) {
            ("SUSPENDING", _) => {
                self.current = 0;
                self.enter("SUSPENDED", None);
            }
            ("PENDING", Outcome::Running) => {
                self.current = self.wanted;
                self.message = None;
                self.enter("RUNNING", None);
                return true;
            }
            ("PENDING", Outcome::Fails(message)) => {
                self.message = Some(message.clone());
                self.enter("FAILED", None);
            }
            _ => {}
        }
        false
    }

    fn enter(&mut self, status: &str, stays: Option<Duration>) {
        status.clone_into(&mut self.status);
        self.due = stays.map(|stays| Instant::now() + stays);
    }
}
