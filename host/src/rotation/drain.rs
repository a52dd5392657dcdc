//! Draining: no pipeline may run on a runner that is about to be cut off.

use std::time::Duration;

use super::driver::Driver;
use super::machine::{self, Event};
use super::ports::{Clock, Issuer, SinkSteps, Watch};
use super::record::{Drain, Pause, Phase, Record, Step};
use crate::matillion::{self, Command, Execution, Status};

impl<I: Issuer, S: SinkSteps, C: Clock, W: Watch> Driver<'_, I, S, C, W> {
    pub(super) async fn drain(&mut self, record: &Record) -> Result<Event, matillion::Error> {
        if record.pause == Pause::ByOthers {
            return Ok(Event::Drained);
        }
        self.watch
            .entered(Phase::Drain, "seeing that no pipeline runs");
        let event = match record.drain {
            Drain::RequireIdle => self.require_idle().await?,
            Drain::Wait => self.wait_until_idle().await?,
            Drain::Pause => self.wait_until_paused(record).await?,
        };
        if event == Event::Drained {
            let result = match record.pause {
                Pause::ByUs => "paused",
                _ => "no pipeline is seen running",
            };
            self.watch.left(Phase::Drain, result);
        }
        Ok(event)
    }

    /// Once more, right before what can't be taken back.
    pub(super) async fn still_drained(
        &self,
        record: &Record,
    ) -> Result<Option<String>, matillion::Error> {
        match record.pause {
            Pause::No if record.drain == Drain::Pause => Ok(None),
            Pause::No => {
                let running = self.issuer.running().await?;
                Ok((!running.is_empty()).then(|| busy(&running)))
            }
            Pause::ByUs | Pause::ByOthers => {
                let status = self.issuer.runner().await?.status;
                Ok(match status {
                    Status::Paused => None,
                    Status::Pausing => {
                        Some("the runner is still pausing; try again when it is paused".to_owned())
                    }
                    other => Some(format!(
                        "the runner was paused and is {other} now: someone resumed it"
                    )),
                })
            }
        }
    }

    async fn require_idle(&self) -> Result<Event, matillion::Error> {
        let running = self.issuer.running().await?;
        Ok(match running.is_empty() {
            true => Event::Drained,
            false => Event::Stopped(busy(&running)),
        })
    }

    async fn wait_until_idle(&self) -> Result<Event, matillion::Error> {
        let deadline = self.deadline(self.patience.drain);
        let mut polls = self.patience.polls();
        loop {
            let running = self.issuer.running().await?;
            if running.is_empty() {
                return Ok(Event::Drained);
            }
            if self.clock.monotonic_us() >= deadline {
                return Ok(Event::Stopped(format!(
                    "waited long enough: {}",
                    busy(&running)
                )));
            }
            self.watch.progress(Phase::Drain, &busy(&running));
            self.clock
                .sleep(polls.next().unwrap_or(self.patience.poll))
                .await;
        }
    }

    /// A pause ends in `paused` even while executions still read RUNNING, so only the runner's own
    /// status is looked at.
    async fn wait_until_paused(&self, record: &Record) -> Result<Event, matillion::Error> {
        let runner = self.issuer.runner().await?;
        if record.pause == Pause::No {
            if runner.connected == Some(false) {
                self.watch
                    .warning("the runner is not connected, so there is nothing to pause");
                return Ok(Event::Drained);
            }
            return Ok(Event::Pausing);
        }
        if !matches!(runner.status, Status::Paused | Status::Pausing) {
            self.issuer.command(Command::Pause).await?;
        }
        let deadline = self.deadline(self.patience.drain);
        let mut polls = self.patience.polls();
        loop {
            let status = self.issuer.runner().await?.status;
            if status == Status::Paused {
                return Ok(Event::Drained);
            }
            if self.clock.monotonic_us() >= deadline {
                return Ok(Event::Stopped(format!(
                    "the runner was asked to pause and is still {status}"
                )));
            }
            self.watch.progress(
                Phase::Drain,
                &format!("asked to pause, the runner is {status}"),
            );
            self.clock
                .sleep(polls.next().unwrap_or(self.patience.poll))
                .await;
        }
    }

    /// Resumes what keyferry paused.
    pub(super) async fn unpause(&mut self, record: &Record) -> Result<Event, matillion::Error> {
        if !machine::must_resume(record) {
            return Ok(Event::Unpaused);
        }
        // A pause that was asked for just now may take effect only after this look.
        let settled = self.deadline(match record.step {
            Step::BackOut => self.patience.settle,
            _ => Duration::ZERO,
        });
        let deadline = self.deadline(self.patience.connect);
        let mut asked = false;
        let mut polls = self.patience.polls();
        loop {
            let status = self.issuer.runner().await?.status;
            let paused = matches!(status, Status::Paused | Status::Pausing);
            if !paused && self.clock.monotonic_us() >= settled {
                return Ok(Event::Unpaused);
            }
            if paused && !asked {
                self.issuer.command(Command::Resume).await?;
            }
            asked = paused;
            if paused && self.clock.monotonic_us() >= deadline {
                return Ok(Event::Stopped(format!(
                    "the runner was asked to resume and is still {status}; RESUME it in the issuer's app"
                )));
            }
            self.watch.progress(
                record.phase(),
                &match paused {
                    true => format!("asked to resume, the runner is {status}"),
                    false => format!("the runner is {status}; seeing that it stays so"),
                },
            );
            self.clock
                .sleep(polls.next().unwrap_or(self.patience.poll))
                .await;
        }
    }
}

/// What runs, in a line.
pub(super) fn busy(running: &[Execution]) -> String {
    let names: Vec<String> = running
        .iter()
        .take(3)
        .map(|execution| format!("`{}`", execution.pipeline))
        .collect();
    let more = match running.len().saturating_sub(names.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "pipelines run on this runner: {}{more}; wait for them, or set `drain = \"wait\"` or \"pause\"",
        names.join(", ")
    )
}
