//! A model of issuer, store and runner in virtual time. It knows what is true, so that tests can
//! compare what the driver says with it.

use std::cell::{Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::future::pending;

use crate::rotation::tests::ports::Op;
use crate::sandbox::types::FailureKind;
use crate::secret::{Credential, SecretString};

/// Every secret of the model holds it: nothing that is shown or stored in clear may.
pub const CANARY: &str = "s3cr3t";
pub const CLIENT_ID: &str = "runner-client";

/// The issuer's `serial`-th secret, with characters that break careless code.
pub fn secret(serial: u32) -> String {
    format!("{CANARY}-{serial}-\"\\$'{{{{#\u{e9}\u{1f511}\n--")
}

pub fn credential(serial: u32) -> Credential {
    Credential {
        client_id: CLIENT_ID.to_owned(),
        client_secret: SecretString::new(secret(serial)),
    }
}

/// What goes wrong at one call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// An error, and nothing was done.
    Lost,
    /// It was done, and the answer is lost.
    Unanswered,
    /// The issuer declines for certain.
    Declined,
    /// An error now, and the deed so many seconds later.
    Late(u64),
    /// A sink's failure; whether it took effect all the same.
    Sink(FailureKind, bool),
    /// Someone else refreshes just before.
    ForeignRefresh,
    /// Someone else puts an old secret back, right after.
    ForeignWrite,
    /// The rollout of this restart fails.
    RolledBack,
    /// The issuer shows the credential before the last.
    Stale,
}

/// Where a process ends: at the `n`-th call, before or after it takes effect.
#[derive(Clone, Copy, Debug)]
pub struct Kill {
    pub at: u32,
    pub after: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Effect {
    Refresh,
    Pausing,
    Paused,
    InstanceUp { marker: u32 },
}

#[derive(Debug)]
pub struct State {
    pub now_us: u64,
    due: Vec<(u64, Effect)>,
    pub calls: u32,
    pub counts: BTreeMap<Op, u32>,
    pub log: Vec<(Op, String)>,
    pub faults: Vec<(Op, u32, Fault)>,
    pub kill: Option<Kill>,
    pub killed: bool,
    pub lines: Vec<String>,

    pub live: u32,
    /// Refreshes that keyferry asked for and that took effect.
    pub refreshes: u32,
    pub pausing: bool,
    pub paused: bool,
    pub pause_takes_us: u64,
    pub executions_until_us: u64,
    pub grants_tokens: bool,

    /// Versions by idempotency key, as in a store where a key that is known is ignored.
    pub versions: BTreeMap<String, u32>,
    pub current: Option<u32>,
    pub unseen: bool,
    pub rollout_us: u64,
    pub deployment: u32,
    pub rolled_back: bool,
    pub up: u32,
    /// The secret that the running instance started with.
    pub holds: u32,
}

/// The model, shared by all ports.
pub struct World(RefCell<State>);

impl World {
    pub fn new() -> Self {
        World(RefCell::new(State {
            now_us: 0,
            due: Vec::new(),
            calls: 0,
            counts: BTreeMap::new(),
            log: Vec::new(),
            faults: Vec::new(),
            kill: None,
            killed: false,
            lines: Vec::new(),
            live: 1,
            refreshes: 0,
            pausing: false,
            paused: false,
            pause_takes_us: 3_000_000,
            executions_until_us: 0,
            grants_tokens: true,
            versions: BTreeMap::from([("before".to_owned(), 1)]),
            current: Some(1),
            unseen: false,
            rollout_us: 20_000_000,
            deployment: 0,
            rolled_back: false,
            up: 0,
            holds: 1,
        }))
    }

    pub fn get(&self) -> Ref<'_, State> {
        self.0.borrow()
    }

    pub fn set(&self) -> RefMut<'_, State> {
        self.0.borrow_mut()
    }

    /// One call of a port: takes time, may be where the process ends, may have a fault.
    pub async fn call<T>(
        &self,
        op: Op,
        detail: &str,
        deed: impl FnOnce(&mut State, Option<Fault>) -> T,
    ) -> T {
        if self.ends_here(op, detail, false) {
            pending::<()>().await;
        }
        let done = {
            let mut state = self.set();
            if op != Op::Sleep {
                state.pass(50_000);
            }
            let nth = state.counts.get(&op).copied().unwrap_or_default();
            let fault = state.fault(op, nth);
            if fault == Some(Fault::ForeignRefresh) {
                state.live += 1;
            }
            let done = deed(&mut state, fault);
            if fault == Some(Fault::ForeignWrite) {
                state.current = Some(1);
            }
            done
        };
        if self.ends_here(op, detail, true) {
            pending::<()>().await;
        }
        done
    }

    fn ends_here(&self, op: Op, detail: &str, after: bool) -> bool {
        let mut state = self.set();
        if state.killed {
            return true;
        }
        if !after {
            state.calls += 1;
            *state.counts.entry(op).or_default() += 1;
            state.log.push((op, detail.to_owned()));
        }
        let calls = state.calls;
        let ends = state
            .kill
            .is_some_and(|kill| kill.at == calls && kill.after == after);
        state.killed = ends;
        ends
    }
}

impl State {
    fn fault(&self, op: Op, nth: u32) -> Option<Fault> {
        let mut faults = self.faults.iter();
        faults
            .find(|(at, n, _)| *at == op && *n == nth)
            .map(|(_, _, fault)| *fault)
    }

    /// How often a port was called.
    pub fn count(&self, op: Op) -> u32 {
        self.counts.get(&op).copied().unwrap_or_default()
    }

    /// Time goes on, and what is due happens.
    pub fn pass(&mut self, us: u64) {
        let end = self.now_us + us;
        while let Some(next) = (0..self.due.len())
            .filter(|&i| self.due[i].0 <= end)
            .min_by_key(|&i| self.due[i].0)
        {
            let (at, effect) = self.due.remove(next);
            self.now_us = self.now_us.max(at);
            self.happen(effect);
        }
        self.now_us = end;
    }

    pub fn later(&mut self, us: u64, effect: Effect) {
        self.due.push((self.now_us + us, effect));
    }

    pub fn happen(&mut self, effect: Effect) {
        match effect {
            Effect::Refresh => {
                self.live += 1;
                self.refreshes += 1;
            }
            Effect::Pausing => {
                self.pausing = true;
                self.later(self.pause_takes_us, Effect::Paused);
            }
            Effect::Paused if self.pausing => {
                self.pausing = false;
                self.paused = true;
            }
            Effect::Paused => {}
            Effect::InstanceUp { marker } if marker == self.deployment => {
                self.up = marker;
                self.holds = self.current.unwrap_or_default();
            }
            Effect::InstanceUp { .. } => {}
        }
    }

    pub fn connected(&self) -> bool {
        self.holds == self.live
    }
}
