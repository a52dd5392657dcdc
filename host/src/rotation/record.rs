//! Where one refresh stands: what the journal keeps and the machine works on.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use crate::config::Drain;
use crate::sandbox::types::{Receipt, Workload};

/// What the attempt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A new secret from the issuer.
    Refresh,
    /// The secret that the issuer has now, written again.
    Reconcile,
}

/// Whether the runner is paused, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pause {
    /// It isn't, as far as keyferry knows.
    No,
    /// keyferry asked for it, or was about to: it has to be resumed.
    ByUs,
    /// It was paused already, and stays so.
    ByOthers,
}

/// The phases that people see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Everything is looked at.
    Plan,
    /// The store takes the live credential.
    Rehearse,
    /// No pipeline runs.
    Drain,
    /// The issuer makes a new secret.
    Refresh,
    /// It is stored.
    Write,
    /// It is read back.
    Verify,
    /// The runner starts again.
    Restart,
    /// The issuer sees it.
    Connected,
    /// Nothing is left to do.
    Done,
}

impl Phase {
    /// Its name, as everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Plan => "plan",
            Phase::Rehearse => "rehearse",
            Phase::Drain => "drain",
            Phase::Refresh => "refresh",
            Phase::Write => "write",
            Phase::Verify => "verify",
            Phase::Restart => "restart",
            Phase::Connected => "connected",
            Phase::Done => "done",
        }
    }
}

/// The exact position; finer than a phase where a crash would make a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Looking.
    Plan,
    /// Rehearsing.
    Rehearse,
    /// Draining.
    Drain,
    /// Ready to ask for the new secret.
    Refresh,
    /// The intent is durable: the request may have gone out.
    Sent,
    /// The new secret is durable.
    Write,
    /// Something was written.
    Verify,
    /// What is stored is right.
    Restart,
    /// The restart was asked for.
    Observe,
    /// New instances are up.
    Connect,
    /// The runner is back, and may be paused.
    Unpause,
    /// The refresh did not happen; the runner may be paused.
    BackOut,
    /// Over: done.
    Done,
    /// Over: nothing was changed at the issuer.
    Refused,
}

/// Everything about one attempt but the secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// A UUID: the idempotency key of the fresh credential.
    pub attempt: String,
    /// Another, for the rehearsal's writes.
    pub rehearsal: String,
    /// Its name in the config.
    pub runner: String,
    /// The issuer's id.
    pub runner_id: String,
    /// The plugin's name in the config.
    pub plugin: String,
    /// The plugin's digest.
    pub sha256: String,
    /// What it is for.
    pub kind: Kind,
    /// Where it stands.
    pub step: Step,
    /// Whether the store is tried first.
    pub rehearse: bool,
    /// How it is drained.
    pub drain: Drain,
    /// Whether it is paused.
    pub pause: Pause,
    /// Whether the issuer gave a token for the live pair, so that one for the fresh pair proves it.
    pub grants_tokens: bool,
    /// Keyed fingerprint of the credential before.
    pub fingerprint_before: Option<String>,
    /// Keyed fingerprint of the fresh credential.
    pub fingerprint: Option<String>,
    /// What was stored.
    pub receipt: Option<Receipt>,
    /// What was restarted.
    pub workload: Option<Workload>,
    /// The sink can't see instances, so the runner must be seen to go first.
    pub unseen: bool,
    /// How often the step was tried.
    pub tries: u32,
    /// How often the store needed another idempotency key: a key it knows is ignored or refused
    /// there, even if something else was written since.
    #[serde(default)]
    pub rewrites: u32,
    /// What went wrong last.
    pub problem: Option<String>,
    /// The phase in which it was refused.
    #[serde(default)]
    pub refused_in: Option<Phase>,
    /// Unix milliseconds.
    pub opened_at: i64,
    /// When the issuer answered.
    pub refreshed_at: Option<i64>,
    /// When the restart was asked for.
    pub restarted_at: Option<i64>,
    /// When it was over.
    pub closed_at: Option<i64>,
    /// From the issuer's answer to the restart request, in microseconds.
    pub window_us: Option<u64>,
}

impl Record {
    /// The idempotency key for the sink: the attempt, until it has to write anew. The same record
    /// always gives the same key.
    pub fn key(&self) -> String {
        if self.rewrites == 0 {
            return self.attempt.clone();
        }
        let digest = Sha256::new()
            .chain_update(self.attempt.as_bytes())
            .chain_update(self.rewrites.to_be_bytes())
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes)
            .into_uuid()
            .to_string()
    }

    /// The phase that the step belongs to.
    pub fn phase(&self) -> Phase {
        match self.step {
            Step::Plan => Phase::Plan,
            Step::Rehearse => Phase::Rehearse,
            Step::Drain | Step::BackOut => Phase::Drain,
            Step::Refused => self.refused_in.unwrap_or(Phase::Drain),
            Step::Refresh | Step::Sent => Phase::Refresh,
            Step::Write => Phase::Write,
            Step::Verify => Phase::Verify,
            Step::Restart | Step::Observe => Phase::Restart,
            Step::Connect | Step::Unpause => Phase::Connected,
            Step::Done => Phase::Done,
        }
    }

    /// Whether nothing is left to do.
    pub fn is_over(&self) -> bool {
        matches!(self.step, Step::Done | Step::Refused)
    }
}
