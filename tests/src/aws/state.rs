//! All that the account holds, and how time changes it.

use std::time::{Duration, Instant};

use serde_json::Value;
use uuid::Uuid;

use super::operation::{Fault, Operation};
use super::rollout::{Outcome, Rollout, Service};
use super::sigv4::Keys;
use super::task;
use super::vault::Vault;
use crate::faults::Faults;
use crate::instance::OnStart;

const ACCOUNT: &str = "123456789012";

pub(super) struct State {
    pub region: String,
    pub keys: Keys,
    pub vault: Vault,
    pub definitions: Vec<(String, Value)>,
    pub services: Vec<Service>,
    pub rollout: Rollout,
    pub faults: Faults<Operation, Fault>,
    pub denied: Vec<Operation>,
    on_start: OnStart,
}

impl State {
    pub fn new(on_start: OnStart) -> Self {
        let region = "eu-west-1".to_owned();
        let secret = Uuid::new_v4().simple().to_string();
        Self {
            vault: Vault {
                prefix: format!("arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:"),
                secrets: Vec::new(),
            },
            keys: Keys {
                id: "AKIASTANDIN000000001".to_owned(),
                secret: format!("aws/{secret}"),
                session_token: None,
            },
            region,
            definitions: Vec::new(),
            services: Vec::new(),
            rollout: Rollout {
                duration: Duration::from_millis(60),
                outcome: Outcome::Complete,
            },
            faults: Faults::default(),
            denied: Vec::new(),
            on_start,
        }
    }

    pub fn cluster_arn(&self, cluster: &str) -> String {
        format!("arn:aws:ecs:{}:{ACCOUNT}:cluster/{cluster}", self.region)
    }

    pub fn service_arn(&self, cluster: &str, name: &str) -> String {
        format!(
            "arn:aws:ecs:{}:{ACCOUNT}:service/{cluster}/{name}",
            self.region
        )
    }

    pub fn service(&self, cluster: &str, name: &str) -> Option<&Service> {
        self.services
            .iter()
            .find(|s| s.cluster == cluster && (s.name == name || s.arn == name))
    }

    pub fn service_mut(&mut self, cluster: &str, name: &str) -> Option<&mut Service> {
        self.services
            .iter_mut()
            .find(|s| s.cluster == cluster && (s.name == name || s.arn == name))
    }

    pub fn register(&mut self, mut definition: Value) -> String {
        let family = definition["family"].as_str().unwrap_or("task").to_owned();
        let older = self
            .definitions
            .iter()
            .filter(|(_, d)| d["family"] == family.as_str());
        let revision = older.count() + 1;
        let arn = format!(
            "arn:aws:ecs:{}:{ACCOUNT}:task-definition/{family}:{revision}",
            self.region
        );
        definition["taskDefinitionArn"] = arn.as_str().into();
        definition["revision"] = revision.into();
        definition["status"] = "ACTIVE".into();
        self.definitions.push((arn.clone(), definition));
        arn
    }

    pub fn tick(&mut self) {
        let now = Instant::now();
        let (definitions, vault, on_start) = (&self.definitions, &self.vault, &self.on_start);
        let mut start = |arn: &str| {
            let definition = definitions.iter().find(|(own, _)| own == arn);
            let instance = definition.and_then(|(_, d)| task::start(d, vault));
            let started = instance.is_some();
            instance.into_iter().for_each(|instance| on_start(instance));
            started
        };
        for service in &mut self.services {
            service.tick(now, &mut start);
        }
    }
}
