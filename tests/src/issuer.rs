//! A stand-in for the issuer: the documented part of Matillion's API that a refresh touches, its
//! runners and their moods, and the faults that a test can ask for.
//!
//! A refresh revokes the old pair at once. The runner loses its connection a moment later and
//! comes back only when a container starts with the live pair.

mod agents;
mod answers;
mod behaviour;
mod commands;
mod endpoint;
mod executions;
mod runner;
mod secret;
mod state;
mod token;

use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use behaviour::{Behaviour, Role, Spelling};
pub use endpoint::{Endpoint, Fault};
pub use executions::Execution;
pub use runner::{Pair, Pause, Runner, RunnerSpec};
pub use secret::awkward;

use crate::instance::OnStart;
use crate::server::{Exchange, Reply, Request, Server, Service, lock};
use state::State;

/// A running issuer; it ends when this is dropped.
pub struct Issuer {
    server: Server,
    desk: Arc<Desk>,
}

struct Desk(Mutex<State>);

impl Service for Desk {
    fn handle(&self, request: &Request) -> Reply {
        answers::answer(&mut lock(&self.0), request)
    }

    fn tick(&self) {
        lock(&self.0).tick();
    }
}

impl Issuer {
    /// Starts an issuer without runners.
    pub fn start() -> anyhow::Result<Self> {
        let desk = Arc::new(Desk(Mutex::new(State::new())));
        let server = Server::start("issuer", Arc::clone(&desk) as Arc<dyn Service>)?;
        Ok(Self { server, desk })
    }

    /// What comes before `/v1`.
    pub fn base_url(&self) -> String {
        format!(
            "{}{}",
            self.server.origin(),
            self.with(|state| state.behaviour.prefix.clone())
        )
    }

    /// The token endpoint.
    pub fn token_url(&self) -> String {
        format!("{}/oauth/dpc/token", self.server.origin())
    }

    /// The operator's own API credential.
    pub fn api_credential(&self) -> Pair {
        self.with(|state| state.api.clone())
    }

    /// Changes how it behaves from now on.
    pub fn configure(&self, change: impl FnOnce(&mut Behaviour)) {
        self.with(|state| change(&mut state.behaviour));
    }

    /// Registers a runner; connected and running unless the spec says otherwise.
    pub fn add_runner(&self, spec: RunnerSpec) -> Pair {
        self.with(|state| state.add_runner(spec))
    }

    /// A copy of what it knows of a runner.
    ///
    /// # Panics
    /// If there is no such runner.
    pub fn runner(&self, id: &str) -> Runner {
        self.with(|state| {
            state
                .runner(id)
                .expect("a runner that the test added")
                .clone()
        })
    }

    /// The live pair of a runner.
    ///
    /// # Panics
    /// If there is no such runner.
    pub fn credential(&self, id: &str) -> Pair {
        self.runner(id).credential
    }

    /// How often the credential of a runner was refreshed.
    ///
    /// # Panics
    /// If there is no such runner.
    pub fn refreshes(&self, id: &str) -> u32 {
        self.runner(id).refreshes
    }

    /// A refresh by someone else, through the issuer's own page.
    pub fn refresh_behind(&self, id: &str) -> Pair {
        self.with(|state| state.refresh(id, false))
            .expect("a runner that the test added")
    }

    /// Changes a runner directly: its status, its connection, its kind.
    ///
    /// # Panics
    /// If there is no such runner.
    pub fn change_runner(&self, id: &str, change: impl FnOnce(&mut Runner)) {
        self.with(|state| change(state.runner_mut(id).expect("a runner that the test added")));
    }

    /// A container of this runner started with this pair.
    pub fn runner_started_with(&self, id: &str, client_id: &str, client_secret: &str) {
        self.with(|state| state.started(id, &Pair::new(client_id, client_secret)));
    }

    /// For a cloud's stand-in: tells this issuer of each container that starts.
    pub fn runner_hook(&self) -> OnStart {
        let desk = Arc::clone(&self.desk);
        Arc::new(move |instance| {
            let pair = Pair::new(&instance.client_id, &instance.client_secret);
            lock(&desk.0).started(&instance.runner_id, &pair);
        })
    }

    /// Adds a project and returns its id.
    pub fn add_project(&self, name: &str) -> String {
        self.with(|state| state.work.add_project(name))
    }

    /// Adds an environment whose default runner is `runner_id`.
    pub fn add_environment(&self, project_id: &str, name: &str, runner_id: &str) {
        self.with(|state| state.work.add_environment(project_id, name, runner_id));
    }

    /// Starts a pipeline and returns the execution's id.
    pub fn start_execution(&self, project_id: &str, environment: &str, pipeline: &str) -> String {
        self.with(|state| state.work.start(project_id, environment, pipeline))
    }

    /// Sets an execution's status, `SUCCESS` say.
    pub fn set_execution_status(&self, execution_id: &str, status: &str) {
        self.with(|state| state.work.set_status(execution_id, status));
    }

    /// Lets an execution succeed after a while, unless its runner is paused then.
    pub fn finish_execution_after(&self, execution_id: &str, after: Duration) {
        self.with(|state| state.work.finish_after(execution_id, after));
    }

    /// Plans a fault for the next request to an endpoint.
    pub fn fail(&self, endpoint: Endpoint, fault: Fault) {
        self.fail_times(endpoint, fault, 1);
    }

    /// Plans a fault for the next `times` requests to an endpoint.
    pub fn fail_times(&self, endpoint: Endpoint, fault: Fault, times: u32) {
        self.with(|state| state.faults.plan(endpoint, fault, times));
    }

    /// Forgets the faults that are still planned.
    pub fn clear_faults(&self) {
        self.with(|state| state.faults.clear());
    }

    /// Ends every token granted so far.
    pub fn expire_tokens(&self) {
        self.with(|state| state.tokens.clear());
    }

    /// All requests so far; a path may hold a query, never a secret.
    pub fn requests(&self) -> Vec<Exchange> {
        self.server.exchanges()
    }

    /// The requests to one endpoint so far.
    pub fn requests_to(&self, endpoint: Endpoint) -> Vec<Exchange> {
        let prefix = self.with(|state| state.behaviour.prefix.clone());
        let mut seen = self.server.exchanges();
        seen.retain(|exchange| {
            let path = exchange.path.split('?').next().unwrap_or_default();
            endpoint::route(&prefix, &exchange.method, path).is_some_and(|(e, _)| e == endpoint)
        });
        seen
    }

    /// How many requests came to one endpoint.
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.requests_to(endpoint).len()
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.desk.0);
        state.tick();
        act(&mut state)
    }
}
