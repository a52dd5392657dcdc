//! What drives the machine: it does what the machine says is next, tells it what happened, and
//! makes each step durable before the next one begins.

use std::time::Duration;

use super::journal::{Journal, JournalError};
use super::machine::{self, Action, Event};
use super::plan::PlanReport;
use super::ports::{Clock, Issuer, SinkFailure, SinkSteps, Watch};
use super::record::{Kind, Pause, Phase, Record, Step};
use crate::matillion::{self, RefreshError};
use crate::sandbox::KnownCredential;
use crate::secret::Credential;

/// How long things may take.
#[derive(Clone, Debug)]
pub struct Patience {
    /// Between two looks at the same thing.
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
    fresh: Option<KnownCredential>,
    fresh_plain: Option<Credential>,
    answered_us: Option<u64>,
    may_send: bool,
    /// The journal has not taken the fresh secret yet.
    unkept: bool,
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
            let what = describe(&event);
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
            // In this order: an attempt that is closed is not looked at again.
            Step::Done => {
                self.unkept = false;
                let forgotten = self.journal.forget_secret(&record);
                match forgotten.and_then(|()| self.save(&record, "done")) {
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

    /// Takes in a credential from the issuer.
    fn arrived(&mut self, credential: Credential) -> Event {
        self.answered_us = Some(self.clock.monotonic_us());
        let event = Event::Refreshed {
            fingerprint: self.journal.keys().fingerprint(&credential),
            at: self.clock.now_ms(),
        };
        self.keep(credential);
        event
    }

    /// To be journaled with the next save.
    fn keep(&mut self, credential: Credential) {
        self.fresh_plain = Some(credential);
        self.fresh = None;
        self.unkept = true;
    }

    async fn intend(&mut self, record: &Record) -> Result<Event, matillion::Error> {
        use super::record::Phase;
        let doing = match record.kind {
            Kind::Refresh => "asking the issuer for a new secret",
            Kind::Reconcile => "taking the secret that the issuer has now",
        };
        self.watch.entered(Phase::Refresh, doing);
        if let Err(failure) = self.sink.warm().await {
            return Ok(Event::Failed {
                kind: failure.kind,
                message: failure.message,
            });
        }
        self.issuer.sign_in(self.patience.session).await?;
        let live = self.issuer.credential().await?;
        if Some(self.journal.keys().fingerprint(&live)) != record.fingerprint_before {
            return Ok(Event::Stopped(
                "the credential changed since the plan: someone else refreshed it just now"
                    .to_owned(),
            ));
        }
        if let Some(why) = self.still_drained(record).await? {
            return Ok(Event::Stopped(why));
        }
        if record.kind == Kind::Reconcile {
            return Ok(self.arrived(live));
        }
        Ok(Event::Intended)
    }

    /// The one request. Never sent again, whatever happens.
    async fn send(&mut self) -> Event {
        self.may_send = false;
        match self.issuer.refresh().await {
            Ok(credential) => {
                let event = self.arrived(credential);
                self.watch.left(
                    super::record::Phase::Refresh,
                    "the issuer made a new secret; the old one is dead",
                );
                event
            }
            Err(RefreshError::NotDone(error)) => Event::NotRefreshed(error.to_string()),
            Err(RefreshError::Unknown(error)) => Event::Unanswered(error.to_string()),
        }
    }

    /// Compares what the issuer has with what it had. Unchanged counts only after a while: the
    /// request may still be on its way.
    async fn read_back(&mut self, record: &Record) -> Event {
        let phase = super::record::Phase::Refresh;
        self.watch.entered(
            phase,
            "no answer to the refresh; reading back what the issuer has",
        );
        let why = record
            .problem
            .clone()
            .unwrap_or_else(|| "it was interrupted".to_owned());
        let deadline = self.deadline(self.patience.settle);
        loop {
            let failed = match self.issuer.credential().await {
                Ok(credential) => {
                    let fingerprint = self.journal.keys().fingerprint(&credential);
                    if Some(fingerprint) != record.fingerprint_before {
                        self.watch
                            .left(phase, "it did happen; going on with what was read back");
                        return self.arrived(credential);
                    }
                    None
                }
                Err(error) => Some(error),
            };
            if self.clock.monotonic_us() >= deadline {
                if let Some(error) = failed {
                    return Event::Unanswered(format!("{why}; and reading back failed: {error}"));
                }
                self.watch.left(phase, "it did not happen");
                return Event::NotRefreshed(format!("the refresh did not happen: {why}"));
            }
            self.clock
                .sleep(self.patience.poll.min(self.patience.settle))
                .await;
        }
    }

    /// The fresh credential: from memory, or after a crash from the journal.
    pub(super) fn fresh(&mut self, record: &Record) -> Result<KnownCredential, String> {
        if let Some(fresh) = &self.fresh {
            return Ok(fresh.clone());
        }
        if self.fresh_plain.is_none() {
            self.fresh_plain = self
                .journal
                .secret(&record.attempt)
                .map_err(|error| error.to_string())?;
        }
        let plain = self
            .fresh_plain
            .as_ref()
            .ok_or("the journal holds no secret for this attempt")?;
        let fresh = KnownCredential::new(plain);
        self.fresh = Some(fresh.clone());
        Ok(fresh)
    }

    pub(super) fn fresh_plain(&self) -> Option<&Credential> {
        self.fresh_plain.as_ref()
    }

    /// From the issuer's answer until now, if this process saw it.
    pub(super) fn window_us(&self) -> Option<u64> {
        Some(self.clock.monotonic_us().saturating_sub(self.answered_us?))
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

/// An event in a few words, for the story of the attempt.
fn describe(event: &Event) -> String {
    match event {
        Event::Planned { .. } => "planned".into(),
        Event::Rehearsed => "rehearsed".into(),
        Event::Pausing => "asking for a pause".into(),
        Event::Drained => "drained".into(),
        Event::Intended => "about to ask the issuer for a new secret".into(),
        Event::Refreshed { .. } => "the issuer has a new secret, and it is kept here".into(),
        Event::NotRefreshed(why) => format!("not refreshed: {why}"),
        Event::Unanswered(why) => format!("unanswered: {why}"),
        Event::Written(receipt) => format!("written as {}", receipt.version),
        Event::Verified(_) => "read back".into(),
        Event::Restarted { workload, .. } => format!("restart of {} asked for", workload.name),
        Event::RolledOut { .. } => "new instances are up".into(),
        Event::RolloutFailed(why) => format!("rollout failed: {why}"),
        Event::Gone => "the runner has gone".into(),
        Event::Away => "the runner is not back; looking again at what is stored".into(),
        Event::Connected => "the runner is connected".into(),
        Event::Unpaused => "not paused by keyferry".into(),
        Event::Failed { message, .. } => format!("failed: {message}"),
        Event::Stopped(why) => format!("stopped: {why}"),
    }
}
