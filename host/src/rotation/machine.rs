//! The state machine of a refresh: a pure function from record and event to record, and from
//! record to what is to be done next. It knows neither network nor disk.

use super::record::{Kind, Pause, Record, Step};
use crate::sandbox::types::{FailureKind, Receipt, Workload};

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Look at everything.
    Plan,
    /// Write and verify with the live credential.
    Rehearse,
    /// See that no pipeline runs.
    Drain,
    /// Look once more, and make the intent durable.
    Intend,
    /// Send the one request. Only right after `Intend`, in the same process.
    Send,
    /// Ask what the issuer has, to learn whether the request took effect.
    ReadBack,
    /// Store the fresh credential.
    Write,
    /// Read it back.
    Verify,
    /// Restart the runner.
    Restart,
    /// Look how the restart goes.
    Observe,
    /// See the runner connected.
    Connect,
    /// Resume a runner that was paused.
    Unpause,
    /// Nothing.
    Nothing,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The plan found nothing against it.
    Planned {
        /// Of the live credential.
        fingerprint: String,
        /// Whether the issuer gives runners tokens.
        grants_tokens: bool,
        /// The runner is paused, not by us.
        paused: bool,
    },
    /// The store took the live credential.
    Rehearsed,
    /// A pause is about to be asked for.
    Pausing,
    /// No pipeline runs.
    Drained,
    /// The request is about to be sent.
    Intended,
    /// The issuer answered with a fresh credential, or has one.
    Refreshed {
        /// Of the fresh credential.
        fingerprint: String,
        /// Unix milliseconds.
        at: i64,
    },
    /// The request certainly had no effect.
    NotRefreshed(String),
    /// Whether it had is not known.
    Unanswered(String),
    /// The store took it.
    Written(Receipt),
    /// The store holds it.
    Verified(Receipt),
    /// The restart was asked for.
    Restarted {
        /// What restarts.
        workload: Workload,
        /// Unix milliseconds, when it was asked for.
        at: i64,
        /// From the issuer's answer.
        window_us: Option<u64>,
    },
    /// New instances are up, or can't be seen.
    RolledOut {
        /// They can't.
        unseen: bool,
    },
    /// The rollout ended without new instances.
    RolloutFailed(String),
    /// The runner was seen to go, so that its return proves something.
    Gone,
    /// It did not come back in time, and is not there now either.
    Away,
    /// The runner is connected.
    Connected,
    /// The runner was resumed, or needs not be.
    Unpaused,
    /// A step failed in a way that a sink names.
    Failed {
        /// What to do next.
        kind: FailureKind,
        /// What it said.
        message: String,
    },
    /// A step can't be done at all, or took too long.
    Stopped(String),
}

impl Event {
    /// In a few words, for the story of the attempt.
    pub fn in_words(&self) -> String {
        match self {
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
}

/// How often a step is tried before it is held.
pub const MOST_TRIES: u32 = 6;

/// What is to be done next. `sent` says that this process has sent, or is about to send, the
/// request that the record intends; after a crash it is false, and the issuer is asked instead.
pub fn next(record: &Record, may_send: bool) -> Action {
    match record.step {
        Step::Plan => Action::Plan,
        Step::Rehearse => Action::Rehearse,
        Step::Drain => Action::Drain,
        Step::Refresh => Action::Intend,
        Step::Sent if may_send => Action::Send,
        Step::Sent => Action::ReadBack,
        Step::Write => Action::Write,
        Step::Verify => Action::Verify,
        Step::Restart => Action::Restart,
        Step::Observe => Action::Observe,
        Step::Connect => Action::Connect,
        Step::Unpause | Step::BackOut => Action::Unpause,
        Step::Done | Step::Refused => Action::Nothing,
    }
}

/// What follows from an event. An event that can't happen at a step changes nothing.
pub fn advance(record: &Record, event: Event) -> Record {
    let mut next = record.clone();
    let step = record.step;
    match (step, event) {
        (Step::Done | Step::Refused, _) => {}
        (
            Step::Plan,
            Event::Planned {
                fingerprint,
                grants_tokens,
                paused,
            },
        ) => {
            next.fingerprint_before = Some(fingerprint);
            next.grants_tokens = grants_tokens;
            next.pause = if paused { Pause::ByOthers } else { Pause::No };
            let start = if record.kind == Kind::Reconcile {
                Step::Drain
            } else {
                Step::Rehearse
            };
            go(&mut next, if record.rehearse { start } else { Step::Drain });
        }
        (Step::Rehearse, Event::Rehearsed) => go(&mut next, Step::Drain),
        (Step::Drain, Event::Pausing) => next.pause = Pause::ByUs,
        (Step::Drain, Event::Drained) => go(&mut next, Step::Refresh),
        (Step::Refresh, Event::Intended) => go(&mut next, Step::Sent),
        // A reconcile has its credential without a request.
        (Step::Refresh | Step::Sent, Event::Refreshed { fingerprint, at }) => {
            next.fingerprint = Some(fingerprint);
            next.refreshed_at = Some(at);
            go(&mut next, Step::Write);
        }
        (Step::Sent, Event::NotRefreshed(why)) => {
            next.problem = Some(why);
            next.step = Step::BackOut;
        }
        (Step::Sent, Event::Unanswered(why)) => next.problem = Some(why),
        (Step::Write, Event::Written(receipt)) => {
            next.receipt = Some(receipt);
            // The tries go on counting until it is verified: two writers must not go in a circle.
            next.step = Step::Verify;
        }
        // Whether it took effect is for `verify` to say, before any retry.
        (
            Step::Write,
            Event::Failed {
                kind: FailureKind::Uncertain,
                message,
            },
        ) => {
            again(&mut next, message);
            next.step = Step::Verify;
        }
        (Step::Verify, Event::Verified(receipt)) => {
            next.receipt = Some(receipt);
            go(&mut next, Step::Restart);
        }
        // Something else is stored: the write did not take, or someone else wrote.
        (
            Step::Verify,
            Event::Failed {
                kind: FailureKind::Conflict | FailureKind::Missing,
                message,
            },
        ) => {
            again(&mut next, message);
            next.rewrites += 1;
            next.receipt = None;
            next.step = Step::Write;
        }
        // The store may know the key from a write that was overwritten since.
        (
            Step::Write,
            Event::Failed {
                kind: FailureKind::Conflict,
                message,
            },
        ) => {
            again(&mut next, message);
            next.rewrites += 1;
        }
        (
            Step::Restart,
            Event::Restarted {
                workload,
                at,
                window_us,
            },
        ) => {
            next.workload = Some(workload);
            next.restarted_at = Some(at);
            next.window_us = record.window_us.or(window_us);
            go(&mut next, Step::Observe);
        }
        (Step::Observe, Event::RolledOut { unseen }) => {
            next.unseen = unseen;
            go(&mut next, Step::Connect);
        }
        // Whoever takes it up again restarts anew: observing this one can't help.
        (Step::Observe, Event::RolloutFailed(why)) => {
            next.problem = Some(why);
            next.step = Step::Restart;
        }
        (Step::Connect, Event::Gone) => next.unseen = false,
        // Where nothing can be read back, only writing anew tells what is stored.
        (Step::Connect, Event::Away) if !record.receipt.as_ref().is_some_and(|r| r.compared) => {
            next.rewrites += 1;
            next.receipt = None;
            go(&mut next, Step::Write);
        }
        // It may have started with something that was stored after `verify`.
        (Step::Connect, Event::Away) => go(&mut next, Step::Verify),
        (Step::Connect, Event::Connected) => {
            let last = if record.pause == Pause::ByUs {
                Step::Unpause
            } else {
                Step::Done
            };
            go(&mut next, last);
        }
        (Step::Unpause, Event::Unpaused) => {
            next.pause = Pause::No;
            go(&mut next, Step::Done);
        }
        (Step::BackOut, Event::Unpaused) => {
            next.pause = Pause::No;
            next.step = Step::Refused;
        }
        // Nothing was asked of the issuer yet: out, over the resume where there was a pause.
        (
            Step::Plan | Step::Rehearse | Step::Drain | Step::Refresh,
            Event::Failed { message: why, .. } | Event::Stopped(why) | Event::NotRefreshed(why),
        ) => {
            next.problem = Some(why);
            next.step = if record.pause == Pause::ByUs {
                Step::BackOut
            } else {
                Step::Refused
            };
        }
        (_, Event::Failed { message, .. }) => again(&mut next, message),
        (_, Event::Stopped(why)) => next.problem = Some(why),
        _ => {}
    }
    if next.step == Step::BackOut && next.pause != Pause::ByUs {
        next.step = Step::Refused;
    }
    let refused = matches!(next.step, Step::BackOut | Step::Refused);
    if refused && step != next.step && step != Step::BackOut {
        next.refused_in = Some(record.phase());
    }
    next
}

/// What a record means to a process that finds it: before the intent nothing happened, and what
/// was looked at then may have changed.
pub fn take_up(record: &Record) -> Record {
    let mut next = record.clone();
    next.tries = 0;
    if matches!(
        record.step,
        Step::Plan | Step::Rehearse | Step::Drain | Step::Refresh
    ) {
        let why = format!(
            "it ended during {} before anything was asked of the issuer",
            record.phase().name()
        );
        return advance(&next, Event::Stopped(why));
    }
    next
}

/// Whether a failed step is tried again by the same process.
pub fn tries_again(record: &Record, kind: FailureKind) -> bool {
    let passing = match kind {
        FailureKind::Unavailable | FailureKind::Uncertain | FailureKind::Conflict => true,
        // What `verify` misses, `write` can put there.
        FailureKind::Missing => record.step == Step::Verify,
        FailureKind::Denied | FailureKind::Rejected => false,
    };
    passing && record.tries + 1 < MOST_TRIES
}

/// Whether the runner is paused by us and has to be resumed.
pub fn must_resume(record: &Record) -> bool {
    record.pause == Pause::ByUs
}

fn go(record: &mut Record, step: Step) {
    record.step = step;
    record.tries = 0;
    record.problem = None;
}

fn again(record: &mut Record, problem: String) {
    record.tries += 1;
    record.problem = Some(problem);
}
