//! One call: a fresh store, the grant of one target, and an end that is told by what the host
//! knows, never by an error's text.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::component::Resource;
use wasmtime::{Store, Trap};

use super::bindings::exports::keyferry::sink::sink as wit;
use super::bindings::keyferry::sink::types as wit_types;
use super::bindings::{self, Door, SecretSink};
use super::state::{SecretHandle, State};
use super::types::{Failure, Plan, Receipt, Rollout, Workload};
use super::{Prepared, Sandbox, SinkLog};
use crate::auth::Authenticators;
use crate::policy::{Description, Grant};
use crate::seal::{KnownSecret, Seal};

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The sink said so itself.
    #[error("{}", .0.message)]
    Failed(Failure),
    /// It ran for too long.
    #[error("the sink was stopped: `{step}` did not come to an end within {seconds} s")]
    TimedOut {
        /// The function called.
        step: &'static str,
        /// The limit.
        seconds: u64,
    },
    /// It used up something.
    #[error("the sink was stopped: `{step}` went over the limit of {what}")]
    OverLimit {
        /// The function called.
        step: &'static str,
        /// Which limit.
        what: &'static str,
    },
    /// It crashed.
    #[error("the sink crashed in `{step}`: {problem}")]
    Trapped {
        /// The function called.
        step: &'static str,
        /// The trap.
        problem: String,
    },
    /// What it gave can't be used.
    #[error("the sink's answer to `{step}` can't be used: {problem}")]
    Unusable {
        /// The function called.
        step: &'static str,
        /// What is wrong.
        problem: String,
    },
}

/// A credential with its secret's forms worked out.
#[derive(Clone)]
pub struct KnownCredential {
    /// No secret.
    pub client_id: String,
    /// The secret.
    pub secret: Arc<KnownSecret>,
}

impl KnownCredential {
    /// Works out the forms.
    pub fn new(credential: &crate::secret::Credential) -> Self {
        Self {
            client_id: credential.client_id.clone(),
            secret: KnownSecret::new(&credential.client_secret),
        }
    }
}

/// What a call is about.
#[derive(Clone, Debug)]
pub struct Target {
    /// The issuer's id.
    pub runner_id: String,
    /// Valid, with defaults.
    pub settings: String,
    /// The idempotency key.
    pub attempt: String,
}

/// A sink for one target under one attempt.
pub struct Sink<'a> {
    /// Where it runs.
    pub sandbox: &'a Sandbox,
    /// What runs.
    pub prepared: &'a Prepared,
    /// What it may do.
    pub grant: Arc<Grant>,
    /// What is added for it.
    pub auth: Authenticators,
    /// What it is about.
    pub target: Target,
    /// Secrets to hide besides the one that is handed over: the one before, say.
    pub others: Vec<KnownCredential>,
    /// Where its lines go.
    pub log: SinkLog,
}

impl Sink<'_> {
    /// Asks whether the place is ready.
    ///
    /// # Errors
    /// What the sink found, or how the call ended.
    pub async fn check(&self, current: &KnownCredential) -> Result<Plan, CallError> {
        let (mut store, credential) = self.store(Some(current));
        let answer = run(&mut store, "check", self.prepared, async |sink, store| {
            let credential = given(store, credential)?;
            sink.keyferry_sink_sink()
                .call_check(store, &self.wit_target(), &credential)
                .await
        })
        .await?;
        finish(&store, answer, |door, plan| door.plan(plan))
    }

    /// Puts the credential in place.
    ///
    /// # Errors
    /// What the sink met, or how the call ended.
    pub async fn write(&self, fresh: &KnownCredential) -> Result<Receipt, CallError> {
        let (mut store, credential) = self.store(Some(fresh));
        let answer = run(&mut store, "write", self.prepared, async |sink, store| {
            let credential = given(store, credential)?;
            sink.keyferry_sink_sink()
                .call_write(store, &self.wit_target(), &credential)
                .await
        })
        .await?;
        finish(&store, answer, |door, receipt| door.receipt(receipt))
    }

    /// Reads the credential back.
    ///
    /// # Errors
    /// What the sink met, or how the call ended.
    pub async fn verify(&self, fresh: &KnownCredential) -> Result<Receipt, CallError> {
        let (mut store, credential) = self.store(Some(fresh));
        let answer = run(&mut store, "verify", self.prepared, async |sink, store| {
            let credential = given(store, credential)?;
            sink.keyferry_sink_sink()
                .call_verify(store, &self.wit_target(), &credential)
                .await
        })
        .await?;
        finish(&store, answer, |door, receipt| door.receipt(receipt))
    }

    /// Makes the runner start again.
    ///
    /// # Errors
    /// What the sink met, or how the call ended.
    pub async fn restart(&self, stored: &Receipt) -> Result<Workload, CallError> {
        let stored = wit::Receipt {
            location: stored.location.clone(),
            version: stored.version.clone(),
            compared: stored.compared,
        };
        let (mut store, _) = self.store(None);
        let answer = run(&mut store, "restart", self.prepared, async |sink, store| {
            sink.keyferry_sink_sink()
                .call_restart(store, &self.wit_target(), &stored)
                .await
        })
        .await?;
        finish(&store, answer, |door, workload| door.workload(workload))
    }

    /// Looks how far the restart has come.
    ///
    /// # Errors
    /// What the sink met, or how the call ended.
    pub async fn observe(&self, restarted: &Workload) -> Result<Rollout, CallError> {
        let restarted = wit::Workload {
            name: restarted.name.clone(),
            marker: restarted.marker.clone(),
        };
        let (mut store, _) = self.store(None);
        let answer = run(&mut store, "observe", self.prepared, async |sink, store| {
            sink.keyferry_sink_sink()
                .call_observe(store, &self.wit_target(), &restarted)
                .await
        })
        .await?;
        finish(&store, answer, |door, rollout| door.rollout(rollout))
    }

    fn wit_target(&self) -> wit_types::Target {
        wit_types::Target {
            runner_id: self.target.runner_id.clone(),
            settings: self.target.settings.clone(),
            attempt: self.target.attempt.clone(),
        }
    }

    /// A fresh store that knows every secret there is to hide.
    fn store(&self, given: Option<&KnownCredential>) -> (Store<State>, Option<Given>) {
        let known = given.into_iter().chain(&self.others);
        let mut seal = Seal::new(
            known
                .map(|credential| credential.client_id.clone())
                .collect(),
        );
        let given = given.map(|credential| Given {
            client_id: credential.client_id.clone(),
            secret: SecretHandle(seal.know(Arc::clone(&credential.secret))),
        });
        for other in &self.others {
            seal.know(Arc::clone(&other.secret));
        }
        let state = State::new(
            Arc::clone(&self.grant),
            self.auth.clone(),
            Arc::clone(&self.sandbox.gate),
            Arc::clone(&self.prepared.allowance),
            seal,
            Arc::clone(&self.log),
        );
        (new_store(self.sandbox, state), given)
    }
}

struct Given {
    client_id: String,
    secret: SecretHandle,
}

fn given(
    store: &mut Store<State>,
    given: Option<Given>,
) -> wasmtime::Result<wit_types::Credential> {
    let given = given.ok_or_else(|| wasmtime::Error::msg("no credential for this call"))?;
    let client_secret = store.data_mut().table.push(given.secret)?;
    Ok(wit_types::Credential {
        client_id: given.client_id,
        client_secret: Resource::new_own(client_secret.rep()),
    })
}

pub(super) async fn describe(
    sandbox: &Sandbox,
    prepared: &Prepared,
) -> Result<Description, CallError> {
    let state = State::new(
        Arc::new(Grant::default()),
        Authenticators::default(),
        Arc::clone(&sandbox.gate),
        Arc::clone(&prepared.allowance),
        Seal::new(Vec::new()),
        Arc::new(|_| {}),
    );
    let mut store = new_store(sandbox, state);
    let given = run(&mut store, "describe", prepared, async |sink, store| {
        sink.keyferry_sink_manifest().call_describe(store).await
    })
    .await?;
    bindings::description(given).map_err(|problem| CallError::Unusable {
        step: "describe",
        problem,
    })
}

fn new_store(sandbox: &Sandbox, state: State) -> Store<State> {
    let mut store = Store::new(&sandbox.engine, state);
    store.limiter(|state| &mut state.meter);
    let fuel = 4 * store.data().allowance.limits.body_bytes;
    store.set_hostcall_fuel(fuel);
    store.set_max_component_handles(1_024);
    store.epoch_deadline_async_yield_and_update(1);
    store.set_epoch_deadline(1);
    store
}

async fn run<T>(
    store: &mut Store<State>,
    step: &'static str,
    prepared: &Prepared,
    call: impl AsyncFnOnce(&SecretSink, &mut Store<State>) -> wasmtime::Result<T>,
) -> Result<T, CallError> {
    let deadline = store.data().deadline;
    let time = deadline.saturating_duration_since(Instant::now());
    let outcome = tokio::time::timeout(time, instantiate_and(store, prepared, call)).await;
    match outcome {
        Err(_elapsed) => Err(CallError::TimedOut {
            step,
            seconds: time.as_secs_f64().round() as u64,
        }),
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(explain(store, step, &error)),
    }
}

async fn instantiate_and<T>(
    store: &mut Store<State>,
    prepared: &Prepared,
    call: impl AsyncFnOnce(&SecretSink, &mut Store<State>) -> wasmtime::Result<T>,
) -> wasmtime::Result<T> {
    let sink = prepared.pre.instantiate_async(&mut *store).await?;
    call(&sink, store).await
}

fn explain(store: &Store<State>, step: &'static str, error: &wasmtime::Error) -> CallError {
    if let Some(what) = store.data().meter.refused {
        return CallError::OverLimit { step, what };
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        let problem = match trap {
            Trap::UnreachableCodeReached => "it panicked or aborted".to_owned(),
            other => other.to_string(),
        };
        return CallError::Trapped { step, problem };
    }
    let problem = Door(&store.data().seal).text(&error.root_cause().to_string());
    CallError::Trapped { step, problem }
}

fn finish<T, U>(
    store: &Store<State>,
    answer: Result<T, wit_types::Failure>,
    translate: impl FnOnce(Door<'_>, T) -> U,
) -> Result<U, CallError> {
    let door = Door(&store.data().seal);
    match answer {
        Ok(answer) => Ok(translate(door, answer)),
        Err(failure) => Err(CallError::Failed(door.failure(failure))),
    }
}
