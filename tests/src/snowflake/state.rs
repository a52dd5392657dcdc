//! All that the account holds, and how time changes it.

use std::time::Instant;

use super::answers::Answered;
use super::fault::Fault;
use super::service::{Pace, Service};
use super::sign_in::Keys;
use super::statement::Operation;
use crate::faults::Faults;
use crate::instance::{Instance, OnStart};

/// A secret object.
pub(super) struct Secret {
    pub name: Vec<String>,
    pub kind: String,
    pub owner: String,
    pub value: String,
    /// Privilege, kind of grantee, grantee.
    pub grants: Vec<(String, String, String)>,
    /// How often its value was set.
    pub writes: u32,
}

pub(super) struct State {
    pub keys: Keys,
    pub role: String,
    pub secrets: Vec<Secret>,
    pub services: Vec<(Vec<String>, Service)>,
    /// Procedures that restart the service of the same number.
    pub procedures: Vec<Vec<String>>,
    pub pace: Pace,
    pub faults: Faults<Operation, Fault>,
    pub denied: Vec<Operation>,
    pub seen: Vec<Operation>,
    /// Requests that were executed, by their id.
    pub executed: Vec<(String, Answered)>,
    /// Statements that run, how often one may still ask for them, and what then comes of them.
    pub running: Vec<(String, u32, Answered)>,
    on_start: OnStart,
}

impl State {
    pub fn new(on_start: OnStart) -> Self {
        Self {
            keys: Keys::new(),
            role: "ETL_ADMIN".to_owned(),
            secrets: Vec::new(),
            services: Vec::new(),
            procedures: Vec::new(),
            pace: Pace::default(),
            faults: Faults::default(),
            denied: Vec::new(),
            seen: Vec::new(),
            executed: Vec::new(),
            running: Vec::new(),
            on_start,
        }
    }

    pub fn secret(&mut self, name: &[String]) -> Option<&mut Secret> {
        self.secrets.iter_mut().find(|secret| secret.name == name)
    }

    pub fn service(&mut self, name: &[String]) -> Option<&mut Service> {
        let mut services = self.services.iter_mut();
        services
            .find(|(own, _)| own == name)
            .map(|(_, service)| service)
    }

    pub fn tick(&mut self) {
        let now = Instant::now();
        // Each service reads the secret of its own number.
        for (index, (_, service)) in self.services.iter_mut().enumerate() {
            let Some(secret) = self.secrets.get(index) else {
                continue;
            };
            if !service.tick(now, &self.pace) {
                continue;
            }
            for _ in 0..service.wanted {
                (self.on_start)(Instance {
                    runner_id: service.runner_id.clone(),
                    client_id: service.client_id.clone(),
                    client_secret: secret.value.clone(),
                });
            }
        }
    }
}
