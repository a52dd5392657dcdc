//! A stand-in for Snowflake: the SQL API, and behind it the few statements that a sink of a runner
//! needs. The secret is taken from the literal by a reader of its own, a service is suspended and
//! started over time, and its containers read the secret at the very moment they start.

mod answers;
mod execute;
mod fault;
mod service;
mod sign_in;
mod state;
mod statement;
mod token;

use std::sync::{Arc, Mutex};

pub use fault::Fault;
pub use service::{Outcome, Pace, Service};
pub use statement::Operation;

use crate::instance::{self, OnStart};
use crate::server::{Exchange, Reply, Request, Server, lock};
use state::{Secret, State};

/// A running stand-in; it ends when this is dropped.
pub struct Snowflake {
    server: Server,
    desk: Arc<Desk>,
}

/// Where the parts of an installation are, as SQL writes them.
#[derive(Clone, Debug)]
pub struct App {
    /// The secret, its last part in quotes.
    pub secret: String,
    /// The service that runs the runner.
    pub service: String,
    /// A procedure that starts the service anew.
    pub procedure: String,
    /// The role that owns the secret.
    pub role: String,
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

impl Snowflake {
    /// Starts an empty account whose containers nobody watches.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with(instance::ignore())
    }

    /// Starts an empty account that tells `on_start` of each container.
    pub fn start_with(on_start: OnStart) -> anyhow::Result<Self> {
        let desk = Arc::new(Desk(Mutex::new(State::new(on_start))));
        let service = Arc::clone(&desk) as Arc<dyn crate::server::Service>;
        let server = Server::start("snowflake", service)?;
        Ok(Self { server, desk })
    }

    /// Where it listens: the `to` of a route.
    pub fn origin(&self) -> String {
        self.server.origin()
    }

    /// The account as its address has it.
    pub fn account(&self) -> String {
        self.with(|state| state.keys.account.to_lowercase())
    }

    /// Its one user.
    pub fn user(&self) -> String {
        self.with(|state| state.keys.user.clone())
    }

    /// The address of the account: the `from` of a route.
    pub fn address(&self) -> String {
        format!("https://{}.snowflakecomputing.com", self.account())
    }

    /// A programmatic access token, which is good as an OAuth token too.
    pub fn access_token(&self) -> String {
        self.with(|state| state.keys.token.clone())
    }

    /// Registers a 2048-bit RSA key with the user, as `SubjectPublicKeyInfo` in DER.
    pub fn register_key(&self, key: &[u8]) {
        self.with(|state| state.keys.public_key = Some(key.to_vec()));
    }

    /// Creates a runner's installation: secret, grants, service, procedure.
    pub fn seed_app(&self, runner_id: &str, client_id: &str, client_secret: &str) -> App {
        self.with(|state| {
            let name = |parts: [&str; 3]| parts.map(str::to_owned).to_vec();
            let grant = |privilege: &str, to: &str, grantee: &str| {
                (privilege.to_owned(), to.to_owned(), grantee.to_owned())
            };
            let role = state.role.clone();
            state.secrets.push(Secret {
                name: name(["MATILLION", "SECRETS", "Runner's \"OAuth\" secret"]),
                kind: "GENERIC_STRING".to_owned(),
                owner: role.clone(),
                value: client_secret.to_owned(),
                grants: vec![
                    grant("OWNERSHIP", "ROLE", &role),
                    grant("USAGE", "APPLICATION", "MATILLION"),
                    grant("READ", "APPLICATION", "MATILLION"),
                ],
                writes: 0,
            });
            let service = Service::running(runner_id, client_id);
            let named = name(["MATILLION", "CORE", "RUNNER"]);
            state.services.push((named, service));
            let procedure = name(["MATILLION", "CORE", "RESTART_RUNNER"]);
            state.procedures.push(procedure);
            App {
                secret: "matillion.SECRETS.\"Runner's \"\"OAuth\"\" secret\"".to_owned(),
                service: "MATILLION.CORE.RUNNER".to_owned(),
                procedure: "MATILLION.CORE.RESTART_RUNNER".to_owned(),
                role,
            }
        })
    }

    /// What the secret holds.
    ///
    /// # Panics
    /// If nothing was seeded.
    pub fn secret_string(&self) -> String {
        self.with(|state| {
            state
                .secrets
                .first()
                .expect("a seeded secret")
                .value
                .clone()
        })
    }

    /// Sets the secret, as another writer would.
    ///
    /// # Panics
    /// If nothing was seeded.
    pub fn put_secret(&self, value: &str) {
        self.with(|state| {
            let secret = state.secrets.first_mut();
            value.clone_into(&mut secret.expect("a seeded secret").value);
        });
    }

    /// How often the secret was set by a statement.
    ///
    /// # Panics
    /// If nothing was seeded.
    pub fn writes(&self) -> u32 {
        self.with(|state| state.secrets.first().expect("a seeded secret").writes)
    }

    /// What was granted on the secret: privilege, kind of grantee, grantee.
    ///
    /// # Panics
    /// If nothing was seeded.
    pub fn grants(&self) -> Vec<(String, String, String)> {
        self.with(|state| {
            state
                .secrets
                .first()
                .expect("a seeded secret")
                .grants
                .clone()
        })
    }

    /// Takes every grant on the secret back.
    pub fn revoke_grants(&self) {
        self.with(|state| {
            for secret in &mut state.secrets {
                secret.grants.clear();
            }
        });
    }

    /// Makes the secret one of another type, `PASSWORD` say.
    pub fn set_type(&self, kind: &str) {
        self.with(|state| {
            for secret in &mut state.secrets {
                kind.clone_into(&mut secret.kind);
            }
        });
    }

    /// Drops the secret.
    pub fn drop_secret(&self) {
        self.with(|state| state.secrets.clear());
    }

    /// A copy of the service as it is now.
    ///
    /// # Panics
    /// If nothing was seeded.
    pub fn service(&self) -> Service {
        self.with(|state| state.services.first().expect("a seeded service").1.clone())
    }

    /// How the service is suspended and started from now on.
    pub fn set_pace(&self, pace: Pace) {
        self.with(|state| state.pace = pace);
    }

    /// Plans a fault for the next request of this kind.
    pub fn fail(&self, operation: Operation, fault: Fault) {
        self.fail_times(operation, fault, 1);
    }

    /// Plans a fault for the next `times` requests of this kind.
    pub fn fail_times(&self, operation: Operation, fault: Fault, times: u32) {
        self.with(|state| state.faults.plan(operation, fault, times));
    }

    /// The role may not do this, now and later.
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

    /// All requests so far; a path holds no secret.
    pub fn requests(&self) -> Vec<Exchange> {
        self.server.exchanges()
    }

    /// What was asked so far, of those who signed in and in words that it knows.
    pub fn seen(&self) -> Vec<Operation> {
        self.with(|state| state.seen.clone())
    }

    /// How often this was asked.
    pub fn count(&self, operation: Operation) -> usize {
        self.seen().iter().filter(|own| **own == operation).count()
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.desk.0);
        state.tick();
        act(&mut state)
    }
}
