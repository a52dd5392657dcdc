//! All that the subscription holds, and how time changes it.

use std::time::Instant;

use serde_json::{Value, json};
use uuid::Uuid;

use super::app::App;
use super::endpoint::{Endpoint, Fault};
use super::operation::{Operation, Pace};
use super::patch::Change;
use super::revision::{Outcome, Revision, Rollout};
use super::{Principal, seed};
use crate::faults::Faults;
use crate::instance::{Instance, OnStart};

pub(super) struct State {
    pub origin: String,
    pub principal: Principal,
    pub tokens: Vec<String>,
    pub app: App,
    pub pace: Pace,
    pub rollout: Rollout,
    pub operations: Vec<Operation>,
    pub faults: Faults<Endpoint, Fault>,
    pub denied: Vec<Endpoint>,
    on_start: OnStart,
}

impl State {
    pub fn new(on_start: OnStart) -> Self {
        let id = || Uuid::new_v4().to_string();
        Self {
            origin: String::new(),
            principal: Principal {
                tenant_id: id(),
                client_id: id(),
                client_secret: format!("entra~{}", Uuid::new_v4().simple()),
            },
            tokens: Vec::new(),
            app: seed::empty(&id()),
            pace: Pace::default(),
            rollout: Rollout {
                duration: std::time::Duration::from_millis(60),
                outcome: Outcome::Complete,
            },
            operations: Vec::new(),
            faults: Faults::default(),
            denied: Vec::new(),
            on_start,
        }
    }

    /// Whether a change would have to wait.
    pub fn is_busy(&self) -> bool {
        self.operations.iter().any(|operation| !operation.over)
    }

    /// Takes a change; returns the operation's name.
    pub fn begin(&mut self, change: Change) -> String {
        let pace = self.pace.clone();
        let id = Uuid::new_v4().to_string();
        self.app.touch();
        "InProgress".clone_into(&mut self.app.provisioning_state);
        self.operations.push(Operation {
            id: id.clone(),
            ends: Instant::now() + pace.duration,
            change: Some(change),
            pace,
            over: false,
        });
        id
    }

    pub fn tick(&mut self) {
        let now = Instant::now();
        let mut ended = Vec::new();
        for operation in &mut self.operations {
            if !operation.over && operation.ends <= now {
                operation.over = true;
                ended.push((operation.pace.fails.is_none(), operation.change.take()));
            }
        }
        for (well, change) in ended {
            let state = if well { "Succeeded" } else { "Failed" };
            state.clone_into(&mut self.app.provisioning_state);
            match change.filter(|_| well) {
                Some(Change::Secrets(secrets)) => self.app.secrets = secrets,
                Some(Change::Revision(name)) => self.add_revision(&name),
                None => {}
            }
        }
        self.run_replicas(now);
    }

    fn add_revision(&mut self, name: &str) {
        let mut revision = Revision::empty(name, &self.app.template, 0);
        revision.restart(self.rollout.clone());
        self.app.revisions.push(revision);
    }

    fn run_replicas(&mut self, now: Instant) {
        let mut app = self.app.clone();
        let mut start = |template: &Value| {
            let instance = environment(template, &self.app);
            let started = instance.is_some();
            instance
                .into_iter()
                .for_each(|instance| (self.on_start)(instance));
            started
        };
        for revision in app.revisions.iter_mut().filter(|revision| revision.active) {
            revision.tick(now, &mut start);
        }
        // In single mode the newest revision takes over when it is up.
        if !app.multiple
            && let Some((newest, older)) = app.revisions.split_last_mut()
            && newest.is_up()
        {
            for revision in older.iter_mut().filter(|revision| revision.active) {
                revision.active = false;
                revision.replicas.clear();
            }
        }
        self.app.revisions = app.revisions;
    }

    /// What the operation is looked at under.
    pub fn operation_url(&self, id: &str, kind: &str) -> String {
        format!(
            "https://management.azure.com/subscriptions/{}/providers/Microsoft.App/locations/westeurope/{kind}/{id}?api-version=2025-01-01&azureAsyncOperation=true",
            self.app.subscription
        )
    }
}

/// What a container of this template finds in its environment, if it can start.
fn environment(template: &Value, app: &App) -> Option<Instance> {
    let variables = template["containers"][0]["env"].as_array()?;
    let find = |name: &str| {
        let variable = variables.iter().find(|variable| variable["name"] == name)?;
        match variable["secretRef"].as_str() {
            Some(reference) => app.value(reference).map(str::to_owned),
            None => variable["value"].as_str().map(str::to_owned),
        }
    };
    Some(Instance {
        runner_id: find("AGENT_ID")?,
        client_id: find("OAUTH_CLIENT_ID")?,
        client_secret: find("OAUTH_CLIENT_SECRET")?,
    })
}

/// A list as Azure answers it.
pub(super) fn list(items: Vec<Value>) -> Value {
    json!({ "value": items })
}
