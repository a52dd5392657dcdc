//! All that the issuer knows, and how time changes it.

use std::collections::HashMap;
use std::time::Instant;

use uuid::Uuid;

use super::behaviour::Behaviour;
use super::endpoint::{Endpoint, Fault};
use super::executions::Work;
use super::runner::{Change, Pair, Pause, Runner, RunnerSpec};
use super::token::Grant;
use crate::faults::Faults;

pub(super) struct State {
    pub api: Pair,
    pub behaviour: Behaviour,
    pub runners: Vec<Runner>,
    pub work: Work,
    pub tokens: HashMap<String, Grant>,
    pub faults: Faults<Endpoint, Fault>,
}

impl State {
    pub fn new() -> Self {
        Self {
            api: Pair::new(
                &format!("api-{}", Uuid::new_v4()),
                &format!("api-secret-{}", Uuid::new_v4()),
            ),
            behaviour: Behaviour::default(),
            runners: Vec::new(),
            work: Work::default(),
            tokens: HashMap::new(),
            faults: Faults::default(),
        }
    }

    pub fn runner(&self, id: &str) -> Option<&Runner> {
        self.runners.iter().find(|runner| runner.id == id)
    }

    pub fn runner_mut(&mut self, id: &str) -> Option<&mut Runner> {
        self.runners.iter_mut().find(|runner| runner.id == id)
    }

    pub fn add_runner(&mut self, spec: RunnerSpec) -> Pair {
        let client_id = format!("runner-{}", Uuid::new_v4());
        let pair = Pair::new(&client_id, &(self.behaviour.new_secret)());
        self.runners.push(Runner::new(spec, pair.clone()));
        pair
    }

    pub fn refresh(&mut self, id: &str, new_client_id: bool) -> Option<Pair> {
        let client_secret = (self.behaviour.new_secret)();
        let runner = self.runners.iter_mut().find(|runner| runner.id == id)?;
        let mut fresh = Pair {
            client_secret,
            ..runner.credential.clone()
        };
        if new_client_id {
            fresh.client_id = format!("runner-{}", Uuid::new_v4());
        }
        runner.revoked(fresh.clone(), &self.behaviour);
        Some(fresh)
    }

    pub fn started(&mut self, id: &str, pair: &Pair) {
        let delay = self.behaviour.connect_delay;
        if let Some(runner) = self.runner_mut(id) {
            runner.starts += 1;
            runner.plan(delay, Change::Connect(pair.clone()));
        }
    }

    pub fn tick(&mut self) {
        let now = Instant::now();
        for runner in &mut self.runners {
            runner.tick(now, self.behaviour.never_connects);
        }
        let paused: Vec<&str> = self
            .runners
            .iter()
            .filter(|runner| runner.pause != Pause::None)
            .map(|runner| runner.id.as_str())
            .collect();
        self.work.tick(now, &paused);
    }
}
