//! A stand-in for Azure: Entra's token endpoint and the part of Container Apps that a sink touches.
//! A change is an operation that may go on after its answer, secrets are written as a whole, and a
//! replica reads them at the very moment it starts.

mod answers;
mod app;
mod config;
mod endpoint;
mod entra;
mod operation;
mod patch;
mod revision;
mod seed;
mod state;

use std::sync::{Arc, Mutex};

pub use app::{App, Secret};
pub use endpoint::{Endpoint, Fault};
pub use operation::Pace;
pub use revision::{Outcome, Replica, Revision, Rollout};
pub use seed::{Container, NEIGHBOURS};

use crate::instance::{self, OnStart};
use crate::server::{Exchange, Reply, Request, Server, Service, lock};
use state::State;

/// A running stand-in; it ends when this is dropped.
pub struct Azure {
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

/// An application of Entra that may change the app.
#[derive(Clone)]
pub struct Principal {
    /// The directory.
    pub tenant_id: String,
    /// The application.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

impl Azure {
    /// Starts a subscription whose replicas nobody watches.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with(instance::ignore())
    }

    /// Starts a subscription that tells `on_start` of each replica of a runner.
    pub fn start_with(on_start: OnStart) -> anyhow::Result<Self> {
        let desk = Arc::new(Desk(Mutex::new(State::new(on_start))));
        let server = Server::start("azure", Arc::clone(&desk) as Arc<dyn Service>)?;
        desk.with(|state| state.origin = server.origin());
        Ok(Self { server, desk })
    }

    /// Where it listens: the `to` of a route, and the authority.
    pub fn origin(&self) -> String {
        self.server.origin()
    }

    /// Who may sign in.
    pub fn principal(&self) -> Principal {
        self.desk.with(|state| state.principal.clone())
    }

    /// Creates a runner's installation, in place of the one before.
    pub fn seed_etl(&self, runner_id: &str, client_id: &str, client_secret: &str) -> Container {
        self.desk
            .with(|state| seed::etl(state, runner_id, client_id, client_secret))
    }

    /// A copy of the app as it is now.
    pub fn app(&self) -> App {
        self.desk.with(|state| state.app.clone())
    }

    /// Changes the app directly, as another writer would.
    pub fn change(&self, change: impl FnOnce(&mut App)) {
        self.desk.with(|state| {
            change(&mut state.app);
            state.app.touch();
        });
    }

    /// What a secret of the app holds.
    pub fn secret(&self, name: &str) -> Option<String> {
        self.app().value(name).map(str::to_owned)
    }

    /// How long changes take from now on, what Azure says of it, and how they end.
    pub fn set_pace(&self, pace: Pace) {
        self.desk.with(|state| state.pace = pace);
    }

    /// How restarts go from now on.
    pub fn set_rollout(&self, rollout: Rollout) {
        self.desk.with(|state| state.rollout = rollout);
    }

    /// Plans a fault for the next request of this kind.
    pub fn fail(&self, endpoint: Endpoint, fault: Fault) {
        self.fail_times(endpoint, fault, 1);
    }

    /// Plans a fault for the next `times` requests of this kind.
    pub fn fail_times(&self, endpoint: Endpoint, fault: Fault, times: u32) {
        self.desk
            .with(|state| state.faults.plan(endpoint, fault, times));
    }

    /// The identity may not do this, now and later.
    pub fn deny(&self, endpoint: Endpoint) {
        self.desk.with(|state| state.denied.push(endpoint));
    }

    /// Forgets planned faults and denials.
    pub fn clear_faults(&self) {
        self.desk.with(|state| {
            state.faults.clear();
            state.denied.clear();
        });
    }

    /// Ends every token granted so far.
    pub fn expire_tokens(&self) {
        self.desk.with(|state| state.tokens.clear());
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Exchange> {
        self.server.exchanges()
    }

    /// The requests of one kind so far.
    pub fn requests_to(&self, endpoint: Endpoint) -> Vec<Exchange> {
        let mut seen = self.server.exchanges();
        seen.retain(|exchange| {
            let path = exchange.path.split('?').next().unwrap_or_default();
            endpoint::route(&exchange.method, path).is_some_and(|(at, _)| at == endpoint)
        });
        seen
    }

    /// How many requests of one kind came.
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.requests_to(endpoint).len()
    }
}

impl Desk {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.0);
        state.tick();
        act(&mut state)
    }
}
