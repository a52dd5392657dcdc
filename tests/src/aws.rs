//! A stand-in for AWS: the part of Secrets Manager and ECS that a sink touches. Signatures are
//! checked for real, a deployment takes its time, and its containers read the secret at the very
//! moment they start.

mod answers;
mod ecs;
mod operation;
mod rollout;
mod secrets_manager;
mod seed;
pub mod sigv4;
mod state;
mod task;
mod vault;

use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use operation::{Fault, Operation};
pub use rollout::{Deployment, Outcome, Rollout, Service};
pub use seed::{Etl, members};
pub use vault::{Stored, Version};

use crate::instance::{self, OnStart};
use crate::server::{Exchange, Reply, Request, Server, lock};
use sigv4::Keys;
use state::State;

/// A running stand-in; it ends when this is dropped.
pub struct Aws {
    server: Server,
    desk: Arc<Desk>,
}

struct Desk(Mutex<State>);

impl crate::server::Service for Desk {
    fn handle(&self, request: &Request) -> Reply {
        answers::answer(&mut lock(&self.0), request)
    }

    fn tick(&self) {
        lock(&self.0).tick();
    }
}

impl Aws {
    /// Starts an empty account in `eu-west-1` whose containers nobody watches.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with(instance::ignore())
    }

    /// Starts an empty account that tells `on_start` of each container.
    pub fn start_with(on_start: OnStart) -> anyhow::Result<Self> {
        let desk = Arc::new(Desk(Mutex::new(State::new(on_start))));
        let service = Arc::clone(&desk) as Arc<dyn crate::server::Service>;
        let server = Server::start("aws", service)?;
        Ok(Self { server, desk })
    }

    /// Where it listens: the `to` of a route.
    pub fn origin(&self) -> String {
        self.server.origin()
    }

    /// The account's region.
    pub fn region(&self) -> String {
        self.with(|state| state.region.clone())
    }

    /// The access key that signs.
    pub fn keys(&self) -> Keys {
        self.with(|state| state.keys.clone())
    }

    /// Asks for a session token from now on.
    pub fn use_session_token(&self) -> Keys {
        self.with(|state| {
            state.keys.session_token = Some(format!("session-{}", uuid::Uuid::new_v4()));
            state.keys.clone()
        })
    }

    /// The environment in which AWS's clients find this key and look no further.
    pub fn environment(&self) -> Vec<(String, String)> {
        let keys = self.keys();
        let mut all = vec![
            ("AWS_ACCESS_KEY_ID".to_owned(), keys.id),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), keys.secret),
            ("AWS_REGION".to_owned(), self.region()),
            ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
        ];
        all.extend(
            keys.session_token
                .map(|token| ("AWS_SESSION_TOKEN".to_owned(), token)),
        );
        all
    }

    /// Creates a runner's installation: secret, task definition and service.
    pub fn seed_etl(&self, runner_id: &str, client_id: &str, client_secret: &str) -> Etl {
        let names = ("runner", "matillion-oauth-credentials");
        self.with(|state| seed::etl(state, names, runner_id, client_id, client_secret))
    }

    /// The same beside it, as a service and a secret of these names.
    pub fn seed_beside(
        &self,
        service: &str,
        secret_id: &str,
        runner_id: &str,
        client_id: &str,
        client_secret: &str,
    ) -> Etl {
        let names = (service, secret_id);
        self.with(|state| seed::etl(state, names, runner_id, client_id, client_secret))
    }

    /// Creates or replaces a secret, as another writer would.
    pub fn put_secret(&self, name: &str, value: &str) {
        self.with(|state| state.vault.put_behind(name, Stored::Text(value.to_owned())));
    }

    /// Creates or replaces a secret that is no text.
    pub fn put_binary_secret(&self, name: &str, value: &[u8]) {
        self.with(|state| state.vault.put_behind(name, Stored::Binary(value.to_vec())));
    }

    /// What `AWSCURRENT` holds, where it is text.
    pub fn secret_string(&self, name: &str) -> Option<String> {
        self.with(|state| state.vault.current_text(name))
    }

    /// All versions of a secret, the newest last.
    pub fn versions(&self, name: &str) -> Vec<Version> {
        self.with(|state| state.vault.versions(name))
    }

    /// Registers a task definition, given as ECS would describe it; returns its ARN.
    pub fn register_task_definition(&self, definition: serde_json::Value) -> String {
        self.with(|state| state.register(definition))
    }

    /// Changes the JSON of a registered task definition.
    pub fn change_task_definition(&self, arn: &str, change: impl FnOnce(&mut serde_json::Value)) {
        self.with(|state| {
            if let Some((_, definition)) = state.definitions.iter_mut().find(|(a, _)| a == arn) {
                change(definition);
            }
        });
    }

    /// A copy of a service as it is now.
    ///
    /// # Panics
    /// If there is no such service.
    pub fn service(&self, cluster: &str, name: &str) -> Service {
        self.with(|state| {
            state
                .service_mut(cluster, name)
                .expect("a service that the test created")
                .clone()
        })
    }

    /// Changes a service directly.
    ///
    /// # Panics
    /// If there is no such service.
    pub fn change_service(&self, cluster: &str, name: &str, change: impl FnOnce(&mut Service)) {
        self.with(|state| {
            change(
                state
                    .service_mut(cluster, name)
                    .expect("a service that the test created"),
            );
        });
    }

    /// How long deployments take from now on, and how they end.
    pub fn set_rollout(&self, duration: Duration, outcome: Outcome) {
        self.with(|state| state.rollout = Rollout { duration, outcome });
    }

    /// Plans a fault for the next request of this operation.
    pub fn fail(&self, operation: Operation, fault: Fault) {
        self.fail_times(operation, fault, 1);
    }

    /// Plans a fault for the next `times` requests of this operation.
    pub fn fail_times(&self, operation: Operation, fault: Fault, times: u32) {
        self.with(|state| state.faults.plan(operation, fault, times));
    }

    /// The identity may not do this, now and later.
    pub fn deny(&self, operation: Operation) {
        self.with(|state| state.denied.push(operation));
    }

    /// Forgets planned faults and denials.
    pub fn clear_faults(&self) {
        self.with(|state| {
            state.faults.clear();
            state.denied.clear();
        });
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Exchange> {
        self.server.exchanges()
    }

    /// The requests of one operation so far.
    pub fn requests_of(&self, operation: Operation) -> Vec<Exchange> {
        let mut seen = self.server.exchanges();
        seen.retain(|exchange| exchange.target.as_deref() == Some(operation.target().as_str()));
        seen
    }

    /// How many requests of one operation came.
    pub fn count(&self, operation: Operation) -> usize {
        self.requests_of(operation).len()
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.desk.0);
        state.tick();
        act(&mut state)
    }
}
