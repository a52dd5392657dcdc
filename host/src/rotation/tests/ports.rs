//! The ports of the driver onto the model.

use std::time::Duration;

use super::model::{CLIENT_ID, Effect, Fault, State, World, credential};
use crate::matillion::{
    Call, Cloud, Command, Error, Execution, ExecutionStatus, Problem, RefreshError, Runner, Status,
};
use crate::rotation::{Clock, Issuer, Phase, SinkFailure, SinkSteps, Watch};
use crate::sandbox::KnownCredential;
use crate::sandbox::types::{
    Currency, FailureKind, Plan, Receipt, Rollout, RolloutState, Workload,
};
use crate::seal::Seal;
use crate::secret::Credential;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    SignIn,
    Runner,
    Credential,
    Refresh,
    Pause,
    Resume,
    Running,
    Token,
    Warm,
    Check,
    Write,
    Verify,
    Restart,
    Observe,
    Sleep,
}

fn call() -> Call {
    Call {
        method: reqwest::Method::GET,
        place: "https://issuer.test/v1/agents".to_owned(),
    }
}

fn timed_out() -> Error {
    Error::TimedOut {
        call: call(),
        after: Duration::from_secs(60),
    }
}

fn declined() -> Error {
    Error::Refused {
        call: call(),
        status: 403,
        problem: Box::new(Problem::default()),
        at_token: false,
        wait: None,
    }
}

fn read<T>(fault: Option<Fault>, value: T) -> Result<T, Error> {
    match fault {
        Some(Fault::Lost | Fault::Unanswered | Fault::Late(_)) => Err(timed_out()),
        Some(Fault::Declined) => Err(declined()),
        _ => Ok(value),
    }
}

impl Issuer for World {
    async fn sign_in(&self, _: Duration) -> Result<(), Error> {
        self.call(Op::SignIn, "", |_, fault| read(fault, ())).await
    }

    async fn runner(&self) -> Result<Runner, Error> {
        self.call(Op::Runner, "", |state, fault| {
            let status = match (state.paused, state.pausing, state.connected()) {
                (true, ..) => Status::Paused,
                (_, true, _) => Status::Pausing,
                (.., true) => Status::Running,
                _ => Status::Unknown,
            };
            let runner = Runner {
                id: "id".to_owned(),
                name: "etl".to_owned(),
                status,
                connected: Some(state.connected()),
                kind: "data_productivity_cloud".to_owned(),
                cloud: Cloud::Aws,
                deployment: "fargate".to_owned(),
                paused_until: None,
                version: None,
                track: None,
                update_available: None,
            };
            read(fault, runner)
        })
        .await
    }

    async fn credential(&self) -> Result<Credential, Error> {
        self.call(Op::Credential, "", |state, fault| {
            let serial = match fault {
                Some(Fault::Stale) => state.live.saturating_sub(1).max(1),
                _ => state.live,
            };
            read(fault, credential(serial))
        })
        .await
    }

    async fn refresh(&self) -> Result<Credential, RefreshError> {
        self.call(Op::Refresh, "", |state, fault| match fault {
            Some(Fault::Lost) => Err(RefreshError::Unknown(timed_out())),
            Some(Fault::Declined) => Err(RefreshError::NotDone(declined())),
            Some(Fault::Late(seconds)) => {
                state.later(seconds * 1_000_000, Effect::Refresh);
                Err(RefreshError::Unknown(timed_out()))
            }
            fault => {
                state.happen(Effect::Refresh);
                match fault {
                    Some(Fault::Unanswered) => Err(RefreshError::Unknown(timed_out())),
                    _ => Ok(credential(state.live)),
                }
            }
        })
        .await
    }

    async fn command(&self, command: Command) -> Result<(), Error> {
        let op = match command {
            Command::Pause => Op::Pause,
            _ => Op::Resume,
        };
        self.call(op, "", |state, fault| {
            let done = read(fault, ());
            if done.is_ok() || fault == Some(Fault::Unanswered) {
                match op {
                    // It goes to the runner over its own connection, and shows only then.
                    Op::Pause => state.later(1_000_000, Effect::Pausing),
                    _ => (state.pausing, state.paused) = (false, false),
                }
            }
            done
        })
        .await
    }

    async fn running(&self) -> Result<Vec<Execution>, Error> {
        self.call(Op::Running, "", |state, fault| {
            let running = Execution {
                id: "e".to_owned(),
                pipeline: "nightly".to_owned(),
                project_id: "p".to_owned(),
                environment: "prod".to_owned(),
                status: ExecutionStatus::Running,
                started_at: None,
                trigger: None,
            };
            let runs = usize::from(state.now_us < state.executions_until_us);
            read(fault, vec![running; runs])
        })
        .await
    }

    async fn grants_token(&self, asked: &Credential) -> Result<bool, Error> {
        let asked = serial_of(asked.client_secret.expose());
        self.call(Op::Token, "", |state, fault| {
            read(fault, state.grants_tokens && asked == state.live)
        })
        .await
    }
}

/// A sink that has `done`, or fails as the fault says; with an effect only where it has one.
fn sink<T>(
    state: &mut State,
    fault: Option<Fault>,
    deed: impl FnOnce(&mut State) -> Result<T, SinkFailure>,
) -> Result<T, SinkFailure> {
    let Some(Fault::Sink(kind, effect)) = fault else {
        return deed(state);
    };
    if effect {
        deed(state)?;
    }
    Err(failure(kind))
}

pub fn failure(kind: FailureKind) -> SinkFailure {
    SinkFailure {
        kind,
        message: format!("the store said {kind:?}"),
        retry_after: Some(Duration::from_secs(7)),
    }
}

fn receipt(version: &str) -> Receipt {
    Receipt {
        location: "store/secret".to_owned(),
        version: version.to_owned(),
        compared: true,
    }
}

impl SinkSteps for World {
    async fn warm(&self) -> Result<(), SinkFailure> {
        self.call(Op::Warm, "", |state, fault| sink(state, fault, |_| Ok(())))
            .await
    }

    async fn check(&self, _: &str, current: &KnownCredential) -> Result<Plan, SinkFailure> {
        let given = serial(current);
        self.call(Op::Check, "", |state, fault| {
            sink(state, fault, |state| {
                Ok(Plan {
                    location: "store/secret".to_owned(),
                    stored: match state.current {
                        Some(stored) if stored == given => Currency::Current,
                        Some(_) => Currency::Stale,
                        None => Currency::Absent,
                    },
                    steps: Vec::new(),
                    warnings: Vec::new(),
                })
            })
        })
        .await
    }

    async fn write(
        &self,
        attempt: &str,
        fresh: &KnownCredential,
        _: Option<&KnownCredential>,
    ) -> Result<Receipt, SinkFailure> {
        let given = serial(fresh);
        self.call(Op::Write, attempt, |state, fault| {
            sink(state, fault, |state| {
                match state.versions.get(attempt) {
                    // A key that is known changes nothing: not even which version is current.
                    Some(known) if *known == given => {}
                    Some(_) if state.current == Some(given) => {}
                    Some(_) => return Err(failure(FailureKind::Conflict)),
                    None => {
                        state.versions.insert(attempt.to_owned(), given);
                        state.current = Some(given);
                    }
                }
                Ok(receipt(attempt))
            })
        })
        .await
    }

    async fn verify(
        &self,
        attempt: &str,
        fresh: &KnownCredential,
        _: Option<&KnownCredential>,
    ) -> Result<Receipt, SinkFailure> {
        let given = serial(fresh);
        self.call(Op::Verify, attempt, |state, fault| {
            sink(state, fault, |state| match state.current == Some(given) {
                true => Ok(receipt(attempt)),
                false => Err(failure(FailureKind::Conflict)),
            })
        })
        .await
    }

    async fn restart(&self, attempt: &str, _: &Receipt) -> Result<Workload, SinkFailure> {
        self.call(Op::Restart, attempt, |state, fault| {
            sink(state, fault, |state| {
                state.deployment += 1;
                state.rolled_back = fault == Some(Fault::RolledBack);
                let marker = state.deployment;
                if !state.rolled_back {
                    state.later(state.rollout_us, Effect::InstanceUp { marker });
                }
                Ok(Workload {
                    name: "service/etl".to_owned(),
                    marker: marker.to_string(),
                })
            })
        })
        .await
    }

    async fn observe(&self, attempt: &str, restarted: &Workload) -> Result<Rollout, SinkFailure> {
        self.call(Op::Observe, attempt, |state, fault| {
            sink(state, fault, |state| {
                let state = match restarted.marker == state.up.to_string() {
                    _ if state.unseen => RolloutState::Unseen,
                    true => RolloutState::Complete,
                    false if state.rolled_back => RolloutState::Failed,
                    false => RolloutState::Progressing,
                };
                Ok(Rollout {
                    state,
                    ready: u32::from(state == RolloutState::Complete),
                    wanted: 1,
                    detail: "tasks".to_owned(),
                })
            })
        })
        .await
    }
}

fn serial(known: &KnownCredential) -> u32 {
    assert_eq!(known.client_id, CLIENT_ID);
    let mut seal = Seal::new(Vec::new());
    let id = seal.know(known.secret.clone());
    let token = seal.token(id, &[]).unwrap();
    let value = seal.unseal(token.as_bytes()).unwrap();
    serial_of(std::str::from_utf8(&value).unwrap())
}

fn serial_of(secret: &str) -> u32 {
    let serial = secret.split('-').nth(1).unwrap().parse().unwrap();
    assert!(secret == super::model::secret(serial), "not byte for byte");
    serial
}

impl Clock for World {
    fn now_ms(&self) -> i64 {
        1_700_000_000_000 + i64::try_from(self.get().now_us / 1000).unwrap()
    }

    fn monotonic_us(&self) -> u64 {
        self.get().now_us
    }

    async fn sleep(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap();
        self.call(Op::Sleep, &format!("{time:?}"), |state, _| {
            state.pass(us.max(1))
        })
        .await;
    }

    fn jittered(&self, time: Duration) -> Duration {
        time
    }
}

impl Watch for World {
    fn entered(&self, _: Phase, doing: &str) {
        self.set().lines.push(doing.to_owned());
    }
    fn progress(&self, _: Phase, detail: &str) {
        self.set().lines.push(detail.to_owned());
    }
    fn left(&self, _: Phase, result: &str) {
        self.set().lines.push(result.to_owned());
    }
    fn warning(&self, text: &str) {
        self.set().lines.push(text.to_owned());
    }
}
