//! The plan: everything that can be known before anything is changed.

use serde::Serialize;

use super::driver::Driver;
use super::machine::Event;
use super::ports::{Clock, Issuer, SinkFailure, SinkSteps, Watch};
use super::record::{Drain, Kind, Phase, Record};
use crate::matillion::{self, Status};
use crate::sandbox::KnownCredential;
use crate::sandbox::types::{Currency, Plan};

/// What the plan found.
#[derive(Clone, Debug, Serialize)]
pub struct PlanReport {
    /// Where the secret goes, what is there, and what will be done.
    #[serde(flatten)]
    pub sink: Plan,
    /// The runner's status in the issuer's own word.
    pub status: String,
    /// Whether the issuer sees it connected.
    pub connected: Option<bool>,
    /// Pipelines that run, as far as they can be seen.
    pub running: usize,
}

/// What every restart may bring along.
const UPGRADE: &str =
    "the restart may also upgrade the runner: the standard installs use a rolling image tag";
const UNSEEN_RUNS: &str = "pipelines that name this runner explicitly can't be seen by the idle check, nor can those in projects that the API credential may not read";

impl<I: Issuer, S: SinkSteps, C: Clock, W: Watch> Driver<'_, I, S, C, W> {
    /// Looks at everything. `Ok(Err(…))` is a finding against it.
    pub(super) async fn plan(&mut self, record: &Record) -> Result<Event, matillion::Error> {
        self.watch
            .entered(Phase::Plan, "looking at the issuer and the place");
        self.issuer.sign_in(self.patience.session).await?;
        let runner = self.issuer.runner().await?;
        if runner.kind.eq_ignore_ascii_case("streaming") {
            return Ok(stopped(
                "it is a streaming runner; keyferry refreshes Maia runners (data_productivity_cloud)",
            ));
        }
        let live = self.issuer.credential().await?;
        let known = KnownCredential::new(&live);
        let (check, running, grants_tokens) = tokio::join!(
            self.check(record, &known),
            self.issuer.running(),
            self.issuer.grants_token(&live),
        );
        let sink = match check {
            Ok(sink) => sink,
            Err(failure) => {
                return Ok(Event::Failed {
                    kind: failure.kind,
                    message: failure.message,
                });
            }
        };
        let running = running?;
        if let Some(problem) = self.against(record, &sink) {
            return Ok(stopped(&problem));
        }
        for warning in &sink.warnings {
            self.watch.warning(warning);
        }
        let paused = matches!(runner.status, Status::Paused | Status::Pausing);
        if record.kind == Kind::Refresh {
            self.watch.warning(UPGRADE);
            if record.drain != Drain::Pause && !paused {
                self.watch.warning(UNSEEN_RUNS);
            }
        }
        if paused {
            self.watch
                .warning("the runner is paused already; keyferry leaves it paused at the end");
        }
        // An issuer that can't be asked for tokens proves nothing, and hinders nothing.
        let grants_tokens = grants_tokens.unwrap_or(false);
        let fingerprint = self.journal.keys().fingerprint(&live);
        self.watch.left(
            Phase::Plan,
            &format!("{}; the issuer says {}", sink.location, runner.status),
        );
        self.report = Some(PlanReport {
            sink,
            status: runner.status.to_string(),
            connected: runner.connected,
            running: running.len(),
        });
        self.live = Some((live, known));
        if record.drain == Drain::RequireIdle && !paused && !running.is_empty() {
            return Ok(stopped(&super::drain::busy(&running)));
        }
        Ok(Event::Planned {
            fingerprint,
            grants_tokens,
            paused,
        })
    }

    /// A check reads only, so it may be asked again where the other side is busy.
    async fn check(&self, record: &Record, known: &KnownCredential) -> Result<Plan, SinkFailure> {
        let mut tries = 0;
        loop {
            match self.sink.check(&record.attempt, known).await {
                Err(failure)
                    if failure.kind == crate::sandbox::types::FailureKind::Unavailable
                        && tries < 2 =>
                {
                    self.pause_before_retry(tries, &failure).await;
                    tries += 1;
                }
                other => return other,
            }
        }
    }

    fn against(&self, record: &Record, sink: &Plan) -> Option<String> {
        let rehearses = record.rehearse && record.kind == Kind::Refresh;
        match sink.stored {
            Currency::Stale if rehearses => {
                self.watch.warning("what is stored is not what the issuer has now; the rehearsal puts that right");
                None
            }
            Currency::Stale if record.kind == Kind::Refresh => Some(
                "what is stored is not what the issuer has now, and with `rehearse = false` nothing has shown that this is the right place; run `keyferry reconcile` first, or rehearse".to_owned(),
            ),
            _ => None,
        }
    }
}

fn stopped(why: &str) -> Event {
    Event::Stopped(why.to_owned())
}
