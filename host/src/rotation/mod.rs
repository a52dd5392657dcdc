//! One refresh, from plan to done: the state machine, what drives it, the journal, the lock.

mod drain;
mod driver;
mod journal;
mod keys;
mod lock;
pub mod machine;
mod outcome;
mod plan;
mod ports;
mod real;
mod record;
mod refresh;
mod steps;
#[cfg(test)]
mod tests;

pub use driver::Driver;
pub use journal::{Entry, Journal, JournalError};
pub use keys::{KeyError, Keys};
pub use lock::{LockError, RunnerLock};
pub use outcome::{Halt, Outcome, Patience, Timings};
pub use plan::PlanReport;
pub use ports::{Clock, Issuer, SinkFailure, SinkSteps, SystemClock, Watch};
pub use real::{RunnerAtIssuer, SandboxedSink};
pub use record::{Drain, Kind, Pause, Phase, Record, Step};
