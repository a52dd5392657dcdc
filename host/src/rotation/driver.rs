//! What drives the machine: it does what the machine says is next, tells it what happened, and
//! makes each step durable before the next one begins. The steps themselves are in `plan`,
//! `drain`, `refresh` and `steps`.

use std::time::Duration;

use super::journal::{Journal, JournalError};
use super::machine::{self, Action, Event};
use super::outcome::{Halt, Outcome, Patience, Timings};
use super::plan::PlanReport;
use super::ports::{Clock, Issuer, SinkFailure, SinkSteps, Watch};
use super::record::{Pause, Phase, Record, Step};
use crate::matillion;
use crate::sandbox::KnownCredential;
use crate::secret::Credential;

/// Drives one attempt.
pub struct Driver<'a, I, S, C, W> {
    /// The issuer.
    pub issuer: &'a I,
    /// The sink.
    pub sink: &'a S,
    /// Time.
    pub clock: &'a C,
    /// Who watches.
    pub watch: &'a W,
    /// The journal.
    pub journal: &'a mut Journal,
    /// How long things may take.
    pub patience: Patience,
    pub(super) report: Option<PlanReport>,
    pub(super) live: Option<(Credential, KnownCredential)>,
    pub(super) fresh: Option<KnownCredential>,
    pub(super) fresh_plain: Option<Credential>,
    pub(super) answered_us: Option<u64>,
    pub(super) may_send: bool,
    /// The journal has not taken the fresh secret yet.
    pub(super) unkept: bool,
    pub(super) asked_to_wait: Option<Duration>,
    timings: Timings,
}

impl<'a, I: Issuer, S: SinkSteps, C: Clock, W: Watch> Driver<'a, I, S, C, W> {
    /// A driver that has done nothing yet.
    pub fn new(
        issuer: &'a I,
        sink: &'a S,
        clock: &'a C,
        watch: &'a W,
        journal: &'a mut Journal,
        patience: Patience,
    ) -> Self {
        Self {
            issuer,
            sink,
            clock,
            watch,
            journal,
            patience,
            report: None,
            live: None,
            fresh: None,
            fresh_plain: None,
            answered_us: None,
            may_send: false,
            unkept: false,
            asked_to_wait: None,
            timings: Timings::default(),
        }
    }

    /// What the plan found, once it was made.
    pub fn report(&self) -> Option<&PlanReport> {
        self.report.as_ref()
    }

    /// Where the time went.
    pub fn timings(&self) -> &Timings {
        &self.timings
    }

    /// Only the plan, and with `rehearse` the rehearsal. Nothing goes to the journal.
    ///
    /// # Errors
    /// If the issuer can't be asked.
    pub async fn plan_only(
        &mut self,
        record: Record,
        rehearse: bool,
    ) -> Result<Outcome, matillion::Error> {
        let mut record = machine::advance(&record, self.plan(&record).await?);
        if record.step == Step::Rehearse && rehearse {
            let event = self.rehearse(&record).await;
            record = machine::advance(&record, event);
        }
        Ok(match record.step {
            Step::Refused => Outcome::Refused(record),
            _ => Outcome::Done(record),
        })
    }

    /// Takes an attempt as far as it goes.
    ///
    /// # Errors
    /// If the journal fails where going on would be unsafe.
    pub async fn run(&mut self, record: Record) -> Result<Outcome, JournalError> {
        let mut record = record;
        match self.save(&record, "begun") {
            Err(error) if record.step == Step::Plan => return Err(error),
            begun => self.go_on(begun),
        }
        loop {
            let action = machine::next(&record, self.may_send);
            if action == Action::Nothing {
                return self.close(record);
            }
            let started = self.clock.monotonic_us();
            let event = match self.perform(action, &record).await {
                Ok(event) => event,
                Err(error) => Event::Stopped(error.to_string()),
            };
            self.spent(record.phase(), started);
            let what = event.in_words();
            let wait = self.retry_after(&record, &event);
            let step = record.step;
            let held = match (&event, wait.is_some()) {
                (Event::Stopped(_), _)
                | (Event::Failed { .. }, false)
                | (Event::RolloutFailed(_), _) => true,
                (Event::Unanswered(_), _) => action == Action::ReadBack,
                _ => false,
            };
            let arrived = matches!(event, Event::Refreshed { .. });
            record = machine::advance(&record, event);
            // Between the intent and the request nothing else may come, not even a failed save.
            self.may_send = record.step == Step::Sent && action == Action::Intend;
            let mut saved = self.save(&record, &what);
            if arrived && saved.is_err() {
                saved = self.save(&record, &what);
            }
            let asked_nothing = !arrived
                && matches!(
                    action,
                    Action::Plan | Action::Rehearse | Action::Drain | Action::Intend
                );
            match saved {
                Err(error) if asked_nothing && record.pause != Pause::ByUs => return Err(error),
                Err(error) if asked_nothing => {
                    record = machine::advance(&record, Event::NotRefreshed(error.to_string()));
                    self.may_send = false;
                    continue;
                }
                saved => self.go_on(saved),
            }
            let backs_out = record.step == Step::BackOut && step != Step::BackOut;
            if held && !record.is_over() && !backs_out {
                return Ok(self.hold(record));
            }
            if let Some(wait) = wait {
                let problem = record.problem.clone().unwrap_or_default();
                self.watch
                    .progress(record.phase(), &format!("{problem}; trying again"));
                self.clock.sleep(wait).await;
            }
        }
    }

    async fn perform(
        &mut self,
        action: Action,
        record: &Record,
    ) -> Result<Event, matillion::Error> {
        match action {
            Action::Plan => self.plan(record).await,
            Action::Rehearse => Ok(self.rehearse(record).await),
            Action::Drain => self.drain(record).await,
            Action::Intend => self.intend(record).await,
            Action::Send => Ok(self.send().await),
            Action::ReadBack => Ok(self.read_back(record).await),
            Action::Write => Ok(self.write(record).await),
            Action::Verify => Ok(self.verify(record).await),
            Action::Restart => Ok(self.restart(record).await),
            Action::Observe => Ok(self.observe(record).await),
            Action::Connect => self.connect(record).await,
            Action::Unpause => self.unpause(record).await,
            Action::Nothing => Ok(Event::Stopped("nothing is left to do".to_owned())),
        }
    }

    fn close(&mut self, mut record: Record) -> Result<Outcome, JournalError> {
        record.closed_at = Some(self.clock.now_ms());
        match record.step {
            Step::Done => {
                self.unkept = false;
                let started = self.clock.monotonic_us();
                let closed = self.journal.finish(&record, self.clock.now_ms(), "done");
                self.timings.journal_us += self.clock.monotonic_us().saturating_sub(started);
                match closed {
                    Ok(()) => Ok(Outcome::Done(record)),
                    Err(error) => {
                        record.closed_at = None;
                        record.problem = Some(format!(
                            "the runner has its new secret, and the journal can't be closed: {error}"
                        ));
                        Ok(Outcome::Held(record, Halt::NotProven))
                    }
                }
            }
            _ => {
                let why = record.problem.clone().unwrap_or_default();
                self.save(&record, &format!("refused: {why}"))?;
                Ok(Outcome::Refused(record))
            }
        }
    }

    /// With the secret for as long as the journal did not take it: no record says more than is
    /// there.
    fn save(&mut self, record: &Record, what: &str) -> Result<(), JournalError> {
        let started = self.clock.monotonic_us();
        let secret = self.fresh_plain.as_ref().filter(|_| self.unkept);
        let saved = self.journal.save(record, self.clock.now_ms(), what, secret);
        self.unkept &= saved.is_err();
        self.timings.journal_us += self.clock.monotonic_us().saturating_sub(started);
        saved
    }

    /// Once the request may have gone out, or the runner is paused, the way forward is the safest.
    fn go_on(&self, saved: Result<(), JournalError>) {
        if let Err(error) = saved {
            self.watch
                .warning(&format!("{error}\nGoing on without it."));
        }
    }

    fn hold(&mut self, record: Record) -> Outcome {
        if self.unkept && self.save(&record, "held").is_err() {
            self.watch.warning("the new secret is not in the journal, but the issuer has it: make the journal writable, then `keyferry resume` reads it back");
        }
        let halt = halt(&record);
        Outcome::Held(record, halt)
    }

    fn spent(&mut self, phase: Phase, started: u64) {
        let us = self.clock.monotonic_us().saturating_sub(started);
        match self
            .timings
            .phases
            .iter_mut()
            .find(|(other, _)| *other == phase)
        {
            Some((_, sum)) => *sum += us,
            None => self.timings.phases.push((phase, us)),
        }
    }

    pub(super) fn deadline(&self, time: Duration) -> u64 {
        self.clock.monotonic_us() + u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 2)
    }

    pub(super) async fn pause_before_retry(&self, tries: u32, failure: &SinkFailure) {
        let wait = backoff(self.patience.backoff, tries)
            .max(failure.retry_after.unwrap_or_default().min(MOST_WAIT));
        self.clock.sleep(self.clock.jittered(wait)).await;
    }

    /// An attempt taken up after a crash: what the issuer has now is what counts, if it can be
    /// asked. Someone may have refreshed again while this one stood still.
    ///
    /// # Errors
    /// If the journal can't be written.
    pub async fn take_up(&mut self, record: Record) -> Result<Outcome, JournalError> {
        let mut record = machine::take_up(&record);
        if past_the_issuer(record.step)
            && let Ok(live) = self.issuer.credential().await
        {
            let fingerprint = self.journal.keys().fingerprint(&live);
            if record.fingerprint.as_ref() == Some(&fingerprint) {
                if !matches!(self.journal.secret(&record.attempt), Ok(Some(_))) {
                    self.keep(live);
                }
            // A revoked secret never comes back: this answer is an old one.
            } else if record.fingerprint_before.as_ref() != Some(&fingerprint) {
                self.watch.warning("the issuer has another secret than this attempt made; going on with the issuer's");
                record.fingerprint = Some(fingerprint);
                record.step = Step::Write;
                record.receipt = None;
                // Another secret under the same idempotency key would be refused by the store.
                record.rewrites += 1;
                self.keep(live);
                let saved = self.save(&record, "the issuer's newer secret taken over");
                self.go_on(saved);
            }
        }
        // Waiting longer helps only a runner that is on its way.
        if record.step == Step::Connect
            && record.problem.is_some()
            && let Ok(runner) = self.issuer.runner().await
            && runner.connected == Some(false)
        {
            record = machine::advance(&record, Event::Away);
        }
        self.run(record).await
    }

    pub(super) fn backoff_of(&self, tries: u32) -> Duration {
        backoff(self.patience.backoff, tries)
    }

    /// How long to wait before a failed step is tried again; `None` if it is not.
    fn retry_after(&mut self, record: &Record, event: &Event) -> Option<Duration> {
        let asked = self.asked_to_wait.take().unwrap_or_default().min(MOST_WAIT);
        let Event::Failed { kind, .. } = event else {
            return None;
        };
        let again = past_the_issuer(record.step) && machine::tries_again(record, *kind);
        again.then(|| {
            self.clock
                .jittered(self.backoff_of(record.tries))
                .max(asked)
        })
    }
}

const MOST_WAIT: Duration = Duration::from_secs(60);

fn backoff(first: Duration, tries: u32) -> Duration {
    (first * 2u32.saturating_pow(tries.min(8))).min(Duration::from_secs(30))
}

fn past_the_issuer(step: Step) -> bool {
    matches!(
        step,
        Step::Write | Step::Verify | Step::Restart | Step::Observe | Step::Connect
    )
}

fn halt(record: &Record) -> Halt {
    match record.step {
        Step::Sent => Halt::NotKnown,
        Step::Write => Halt::NotWritten,
        // Nothing told that the write took effect.
        Step::Verify if record.receipt.is_none() => Halt::NotWritten,
        Step::BackOut => Halt::StillPaused,
        _ => Halt::NotProven,
    }
}
