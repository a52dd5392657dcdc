//! The steps that go through the sink, and the proof that the runner is back.

use super::driver::Driver;
use super::machine::{self, Event};
use super::ports::{Clock, Issuer, SinkFailure, SinkSteps, Watch};
use super::record::{Pause, Phase, Record};
use crate::matillion::{self, Status};
use crate::sandbox::types::{FailureKind, Receipt, RolloutState};

impl<I: Issuer, S: SinkSteps, C: Clock, W: Watch> Driver<'_, I, S, C, W> {
    /// Writes and verifies the live credential under another attempt id: failing here costs
    /// nothing.
    pub(super) async fn rehearse(&mut self, record: &Record) -> Event {
        self.watch.entered(
            Phase::Rehearse,
            "writing the live credential, to see that the place takes it",
        );
        let Some((_, live)) = self.live.clone() else {
            return Event::Stopped("the live credential was not read".to_owned());
        };
        let mut tries = 0;
        // A write that was taken is not written again because what it began still goes on.
        let mut taken = false;
        loop {
            let failure = if taken {
                match self.sink.verify(&record.rehearsal, &live, None).await {
                    Ok(receipt) => {
                        let result = format!("{} takes a write", receipt.location);
                        self.watch.left(Phase::Rehearse, &result);
                        return Event::Rehearsed;
                    }
                    Err(failure) => failure,
                }
            } else {
                match self.sink.write(&record.rehearsal, &live, None).await {
                    Err(failure) if failure.kind != FailureKind::Uncertain => failure,
                    _ => {
                        taken = true;
                        continue;
                    }
                }
            };
            if failure.kind != FailureKind::Unavailable || tries + 1 == machine::MOST_TRIES {
                return self.failed(failure);
            }
            self.watch.progress(Phase::Rehearse, &failure.message);
            self.pause_before_retry(tries, &failure).await;
            tries += 1;
        }
    }

    pub(super) async fn write(&mut self, record: &Record) -> Event {
        self.watch.entered(Phase::Write, "storing the new secret");
        let fresh = match self.fresh(record) {
            Ok(fresh) => fresh,
            Err(why) => return Event::Stopped(why),
        };
        let before = self.live.as_ref().map(|(_, known)| known);
        match self.sink.write(&record.key(), &fresh, before).await {
            Ok(receipt) => {
                self.watch.left(Phase::Write, &stored(&receipt));
                Event::Written(receipt)
            }
            Err(failure) => self.failed(failure),
        }
    }

    pub(super) async fn verify(&mut self, record: &Record) -> Event {
        self.watch.entered(Phase::Verify, "reading it back");
        let fresh = match self.fresh(record) {
            Ok(fresh) => fresh,
            Err(why) => return Event::Stopped(why),
        };
        let before = self.live.as_ref().map(|(_, known)| known);
        let plain = self.fresh_plain().filter(|_| record.grants_tokens);
        let proof = async {
            match plain {
                Some(plain) => Some(self.issuer.grants_token(plain).await),
                None => None,
            }
        };
        let key = record.key();
        let (read, token) = tokio::join!(self.sink.verify(&key, &fresh, before), proof);
        let receipt = match read {
            Ok(receipt) => receipt,
            Err(failure) => return self.failed(failure),
        };
        let proven = match token {
            None => "",
            Some(Ok(true)) => "; the issuer gives a token for it",
            // The issuer gave one for the pair before, so this pair is not what it has.
            Some(Ok(false)) => {
                return Event::Stopped("what is stored is what was refreshed, and the issuer gives no token for it: someone may have refreshed again".to_owned());
            }
            Some(Err(error)) => {
                self.watch.warning(&format!(
                    "no token could be asked for with the new pair: {error}"
                ));
                ""
            }
        };
        let compared = if receipt.compared {
            "it is what was written"
        } else {
            "the place never shows it; the connection is the proof"
        };
        self.watch
            .left(Phase::Verify, &format!("{compared}{proven}"));
        Event::Verified(receipt)
    }

    pub(super) async fn restart(&mut self, record: &Record) -> Event {
        self.watch.entered(Phase::Restart, "restarting the runner");
        let Some(receipt) = &record.receipt else {
            return Event::Failed {
                kind: FailureKind::Conflict,
                message: "nothing was verified yet".to_owned(),
            };
        };
        let (at, window_us) = (self.clock.now_ms(), self.window_us());
        match self.sink.restart(&record.key(), receipt).await {
            Ok(workload) => Event::Restarted {
                workload,
                at,
                window_us,
            },
            Err(failure) => self.failed(failure),
        }
    }

    pub(super) async fn observe(&mut self, record: &Record) -> Event {
        let Some(workload) = &record.workload else {
            return Event::RolloutFailed("nothing was restarted yet".to_owned());
        };
        let deadline = self.deadline(self.patience.rollout);
        let mut failures = 0;
        let mut polls = self.patience.polls();
        loop {
            let last = match self.sink.observe(&record.key(), workload).await {
                Ok(rollout) => {
                    failures = 0;
                    let counted =
                        format!("{} of {} new instances run", rollout.ready, rollout.wanted);
                    match rollout.state {
                        RolloutState::Complete => {
                            self.watch
                                .left(Phase::Restart, &format!("{}: {counted}", workload.name));
                            return Event::RolledOut { unseen: false };
                        }
                        RolloutState::Unseen => {
                            self.watch.left(Phase::Restart, &rollout.detail);
                            return Event::RolledOut { unseen: true };
                        }
                        RolloutState::Failed => return Event::RolloutFailed(rollout.detail),
                        RolloutState::Pending | RolloutState::Progressing => {
                            self.watch.progress(
                                Phase::Restart,
                                &format!("{counted}; {}", rollout.detail),
                            );
                        }
                    }
                    rollout.detail
                }
                Err(failure)
                    if matches!(
                        failure.kind,
                        FailureKind::Denied | FailureKind::Rejected | FailureKind::Missing
                    ) =>
                {
                    return Event::Stopped(failure.message);
                }
                Err(failure) => {
                    self.watch.progress(Phase::Restart, &failure.message);
                    failures += 1;
                    failure.message
                }
            };
            if self.clock.monotonic_us() >= deadline {
                return Event::Stopped(format!("the new instances are not up in time: {last}"));
            }
            let slower = self.backoff_of(failures).min(self.patience.poll * 4);
            let wait = polls.next().unwrap_or(self.patience.poll);
            self.clock
                .sleep(if failures == 0 {
                    wait
                } else {
                    wait.max(slower)
                })
                .await;
        }
    }

    fn failed(&mut self, failure: SinkFailure) -> Event {
        self.asked_to_wait = failure.retry_after;
        Event::Failed {
            kind: failure.kind,
            message: failure.message,
        }
    }

    /// Seen after the new instances are up: what was connected before proves nothing.
    pub(super) async fn connect(&mut self, record: &Record) -> Result<Event, matillion::Error> {
        self.watch
            .entered(Phase::Connected, "waiting for the issuer to see the runner");
        let deadline = self.deadline(self.patience.connect);
        let gone = !record.unseen;
        let mut polls = self.patience.polls();
        loop {
            let seen = match self.issuer.runner().await {
                Ok(runner) => {
                    let connected = runner.connected.unwrap_or(runner.status == Status::Running);
                    if !gone && !connected {
                        return Ok(Event::Gone);
                    }
                    let settled = match record.pause {
                        Pause::No => runner.status == Status::Running,
                        Pause::ByUs | Pause::ByOthers => {
                            matches!(runner.status, Status::Running | Status::Paused)
                        }
                    };
                    if gone && connected && settled {
                        self.watch
                            .left(Phase::Connected, &format!("connected, {}", runner.status));
                        return Ok(Event::Connected);
                    }
                    match connected {
                        true if !gone => "the runner has not gone yet; restart it".to_owned(),
                        true => format!("connected, and still {}", runner.status),
                        false => format!("not connected, {}", runner.status),
                    }
                }
                Err(error) => error.to_string(),
            };
            if self.clock.monotonic_us() >= deadline {
                return Ok(Event::Stopped(format!(
                    "the runner did not come back in time: {seen}"
                )));
            }
            self.watch.progress(Phase::Connected, &seen);
            self.clock
                .sleep(polls.next().unwrap_or(self.patience.poll))
                .await;
        }
    }
}

fn stored(receipt: &Receipt) -> String {
    format!("{} has version {}", receipt.location, receipt.version)
}
