//! What the driver acts through: handed in, so that the same driver runs for real, in tests and
//! under faults.

use std::time::Duration;

use super::record::Phase;
use crate::matillion::{self, Command, Execution, RefreshError, Runner};
use crate::sandbox::types::{FailureKind, Plan, Receipt, Rollout, Workload};
use crate::sandbox::{CallError, KnownCredential};
use crate::secret::Credential;

/// The issuer, as far as one runner is concerned.
#[allow(async_fn_in_trait)]
pub trait Issuer {
    /// A session that lasts at least so long.
    async fn sign_in(&self, at_least: Duration) -> Result<(), matillion::Error>;
    /// The runner as the issuer sees it.
    async fn runner(&self) -> Result<Runner, matillion::Error>;
    /// The credential that is live now.
    async fn credential(&self) -> Result<Credential, matillion::Error>;
    /// The one request that can't be taken back. Sent at most once per call.
    async fn refresh(&self) -> Result<Credential, RefreshError>;
    /// Tells the runner something.
    async fn command(&self, command: Command) -> Result<(), matillion::Error>;
    /// What runs on it, as far as it can be seen.
    async fn running(&self) -> Result<Vec<Execution>, matillion::Error>;
    /// Whether the issuer gives a token for this pair.
    async fn grants_token(&self, credential: &Credential) -> Result<bool, matillion::Error>;
}

/// Why a step of a sink gave nothing.
#[derive(Clone, Debug)]
pub struct SinkFailure {
    /// What to do next.
    pub kind: FailureKind,
    /// For the operator.
    pub message: String,
    /// What the other side asked for.
    pub retry_after: Option<Duration>,
}

impl From<CallError> for SinkFailure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Failed(failure) => Self {
                kind: failure.kind,
                message: failure.message,
                retry_after: failure
                    .retry_after_ms
                    .map(|ms| Duration::from_millis(ms.into())),
            },
            // It was stopped somewhere on its way: what it did so far is not known.
            stopped => Self {
                kind: FailureKind::Uncertain,
                message: stopped.to_string(),
                retry_after: None,
            },
        }
    }
}

/// The sink of one runner. `attempt` is the idempotency key; `before` is hidden from it too.
#[allow(async_fn_in_trait)]
pub trait SinkSteps {
    /// Fetches what can be fetched before it is needed.
    async fn warm(&self) -> Result<(), SinkFailure>;
    /// Looks whether the place is ready.
    async fn check(&self, attempt: &str, current: &KnownCredential) -> Result<Plan, SinkFailure>;
    /// Puts a credential in place.
    async fn write(
        &self,
        attempt: &str,
        fresh: &KnownCredential,
        before: Option<&KnownCredential>,
    ) -> Result<Receipt, SinkFailure>;
    /// Reads it back.
    async fn verify(
        &self,
        attempt: &str,
        fresh: &KnownCredential,
        before: Option<&KnownCredential>,
    ) -> Result<Receipt, SinkFailure>;
    /// Makes the runner start again.
    async fn restart(&self, attempt: &str, stored: &Receipt) -> Result<Workload, SinkFailure>;
    /// Looks how that goes.
    async fn observe(&self, attempt: &str, restarted: &Workload) -> Result<Rollout, SinkFailure>;
}

/// Time.
#[allow(async_fn_in_trait)]
pub trait Clock {
    /// Unix milliseconds.
    fn now_ms(&self) -> i64;
    /// Microseconds since some moment; never goes back.
    fn monotonic_us(&self) -> u64;
    /// Waits.
    async fn sleep(&self, time: Duration);
    /// Somewhere between half of `time` and all of it, so that many do not come back at once.
    fn jittered(&self, time: Duration) -> Duration;
}

/// Who watches. No text holds a secret.
pub trait Watch {
    /// A phase begins.
    fn entered(&self, phase: Phase, doing: &str);
    /// It goes on.
    fn progress(&self, phase: Phase, detail: &str);
    /// It is over.
    fn left(&self, phase: Phase, result: &str);
    /// Something to know, whatever comes of it.
    fn warning(&self, text: &str);
}

/// The system's time.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: std::time::Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            start: std::time::Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let now = time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
        i64::try_from(now).unwrap_or(i64::MAX)
    }

    fn monotonic_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn jittered(&self, time: Duration) -> Duration {
        let byte = uuid::Uuid::new_v4().as_bytes()[0];
        time / 2 + time / 2 * u32::from(byte) / 255
    }
}
