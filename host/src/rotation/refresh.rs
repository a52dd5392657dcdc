//! The refresh itself: the intent, the one request, and what is known when no answer came.

use super::driver::Driver;
use super::machine::Event;
use super::ports::{Clock, Issuer, SinkSteps, Watch};
use super::record::{Kind, Phase, Record};
use crate::matillion::{self, RefreshError};
use crate::sandbox::KnownCredential;
use crate::secret::Credential;

impl<I: Issuer, S: SinkSteps, C: Clock, W: Watch> Driver<'_, I, S, C, W> {
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
    pub(super) fn keep(&mut self, credential: Credential) {
        self.fresh_plain = Some(credential);
        self.fresh = None;
        self.unkept = true;
    }

    pub(super) async fn intend(&mut self, record: &Record) -> Result<Event, matillion::Error> {
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
    pub(super) async fn send(&mut self) -> Event {
        self.may_send = false;
        match self.issuer.refresh().await {
            Ok(credential) => {
                let event = self.arrived(credential);
                self.watch.left(
                    Phase::Refresh,
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
    pub(super) async fn read_back(&mut self, record: &Record) -> Event {
        let phase = Phase::Refresh;
        self.watch.entered(
            phase,
            "no answer to the refresh; reading back what the issuer has",
        );
        let why = record
            .problem
            .clone()
            .unwrap_or_else(|| "it was interrupted".to_owned());
        let deadline = self.deadline(self.patience.settle);
        let mut polls = self.patience.polls();
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
            let wait = polls.next().unwrap_or(self.patience.poll);
            self.clock.sleep(wait.min(self.patience.settle)).await;
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
}
