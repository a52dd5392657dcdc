//! The five steps against a mock host: a cluster in which all is well, and each test bends one
//! thing in it.

mod check;
mod needs;
mod refused;
mod restart;
mod rollout;
mod write;

use std::collections::BTreeMap;

use keyferry_sdk::mock::Mock;
use keyferry_sdk::{Credential, Target};
use serde_json::{Value, json};

use crate::{Helm, Settings};

pub(super) const SECRET: &str = "live-\"s3cr\\et{{é}}";
pub(super) const RUNNER: &str = "3FA85F64-5717-4562-b3fc-2c963f66afa6";

/// The file as an operator keeps it.
pub(super) const VALUES: &str = "---\n# our runner\ncloudProvider: \"gcp\"   # not aws\n\nconfig:\n  oauthClientId: 'live-id'\n  oauthClientSecret: \"live-\\\"s3cr\\\\et{{é}}\" # refreshed by keyferry\n\ndpcAgent:\n    replicas: 2\n";

/// What a program answers: its status and its two outputs.
#[derive(Clone)]
pub(super) struct Says(i32, String, &'static str);

/// A cluster, a chart's folder and a values file.
pub(super) struct World {
    pub(super) says: BTreeMap<&'static str, Vec<Says>>,
    pub(super) settings: Value,
    pub(super) values: String,
}

impl World {
    pub(super) fn new() -> Self {
        let world = Self {
            says: BTreeMap::new(),
            settings: json!({ "chart": "/srv/runner", "values": "/srv/values.yaml" }),
            values: VALUES.to_owned(),
        };
        world
            .answer("history", json!([revision(7, "deployed")]))
            .answer("list", json!([]))
            .text(
                "chart",
                "apiVersion: v2\nname: matillion-runner\nversion: 0.6.0\n",
            )
            .answer("status", release(&config(SECRET)))
            .answer("dry-run", release(&config(SECRET)))
            .answer("released-values", config(SECRET))
            .text(
                "upgrade",
                "Release \"matillion-agent\" has been upgraded.\n",
            )
            .answer(
                "deployments",
                json!({ "items": [deployment(), script_runner()] }),
            )
            .text(
                "runners",
                &format!(
                    "matillion-agent-app\t{RUNNER}\t\t\nmatillion-agent-script-runner\t\t\t\n"
                ),
            )
            .answer("pods", json!({ "items": [] }))
            .text("may-store", "yes\n")
            .text("may-restart", "yes\n")
            .text("restart", "deployment.apps/matillion-agent-app restarted\n")
            .text(
                "restart-named",
                "deployment.apps/matillion-agent-app restarted\n",
            )
    }

    /// The program answers this document.
    pub(super) fn answer(self, name: &'static str, document: Value) -> Self {
        self.text(name, &document.to_string())
    }

    pub(super) fn text(mut self, name: &'static str, stdout: &str) -> Self {
        self.says.insert(name, vec![Says(0, stdout.to_owned(), "")]);
        self
    }

    /// The program answers these documents, one after the other.
    pub(super) fn in_turn(mut self, name: &'static str, documents: &[Value]) -> Self {
        let says = documents
            .iter()
            .map(|document| Says(0, document.to_string(), ""));
        self.says.insert(name, says.collect());
        self
    }

    /// The program fails.
    pub(super) fn fails(mut self, name: &'static str, words: &'static str) -> Self {
        self.says.insert(name, vec![Says(1, String::new(), words)]);
        self
    }

    /// The Deployment with this change.
    pub(super) fn deployment(self, change: impl Fn(&mut Value)) -> Self {
        let mut deployment = deployment();
        change(&mut deployment);
        self.answer(
            "deployments",
            json!({ "items": [deployment, script_runner()] }),
        )
    }

    pub(super) fn values(mut self, text: &str) -> Self {
        self.values = text.to_owned();
        self
    }

    pub(super) fn setting(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.settings[name] = value.into();
        self
    }

    /// The host of it, the live credential, and the target.
    pub(super) fn open(self) -> (Mock, Credential, Target<Settings>) {
        let mock = Mock::of::<Helm>(self.settings);
        let credential = mock.credential("live-id", SECRET);
        mock.file("values", &self.values);
        for (name, says) in self.says {
            for Says(status, stdout, stderr) in says {
                mock.command(name, status, &stdout, stderr);
            }
        }
        let target = mock.target::<Helm>();
        (mock, credential, target)
    }
}

/// What was run, by the first words of it.
pub(super) fn ran(mock: &Mock) -> Vec<String> {
    let line = |argv: Vec<String>| argv.iter().take(3).cloned().collect::<Vec<_>>().join(" ");
    mock.runs().into_iter().map(line).collect()
}

pub(super) fn revision(number: u64, status: &str) -> Value {
    json!({
        "revision": number,
        "status": status,
        "chart": "matillion-runner-0.6.0",
        "app_version": "1.0.0",
        "description": "timed out waiting for the condition",
    })
}

pub(super) fn config(secret: &str) -> Value {
    json!({
        "cloudProvider": "gcp",
        "config": { "oauthClientId": "live-id", "oauthClientSecret": secret },
        "dpcAgent": { "replicas": 2 },
    })
}

pub(super) fn release(config: &Value) -> Value {
    let manifest = format!("kind: Secret\nOAUTH_CLIENT_SECRET: {}\n", config["config"]);
    json!({ "name": "matillion-agent", "version": 7, "config": config, "manifest": manifest, "info": {} })
}

pub(super) fn deployment() -> Value {
    json!({
        "metadata": {
            "name": "matillion-agent-app",
            "uid": "d-1",
            "generation": 3,
            "labels": {
                "app": "matillion-agent-pods",
                "app.kubernetes.io/name": "matillion-runner",
                "app.kubernetes.io/instance": "matillion-agent",
            },
            "annotations": { "deployment.kubernetes.io/revision": "3" },
        },
        "spec": {
            "replicas": 2,
            "template": {
                "metadata": { "annotations": { "prometheus.io/port": "8080" } },
                "spec": { "containers": [{
                    "name": "matillion-agent-pods",
                    "image": "registry.example.com/runner@sha256:00",
                    "env": [{ "name": "AGENT_ID", "value": RUNNER }],
                    "envFrom": [{ "secretRef": { "name": "matillion-agent-config" } }],
                }] },
            },
        },
        "status": {
            "observedGeneration": 3,
            "replicas": 2,
            "updatedReplicas": 2,
            "readyReplicas": 2,
            "availableReplicas": 2,
            "conditions": [
                { "type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "message": "" },
            ],
        },
    })
}

fn script_runner() -> Value {
    let mut other = deployment();
    other["metadata"]["name"] = json!("matillion-agent-script-runner");
    other["metadata"]["uid"] = json!("d-2");
    other["metadata"]["labels"]["app"] = json!("matillion-agent-script-runner-pods");
    other
}
