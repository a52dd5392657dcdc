//! The five steps against a mock host: an app in which all is well, and each test bends one thing
//! in it.

mod check;
mod needs;
mod observe;
mod refused;
mod restart;
mod verify;
mod write;

use keyferry_sdk::mock::{Mock, Reply};
use keyferry_sdk::{Credential, Failure, Obstacle, Target};
use serde_json::{Value, json};

use crate::{AzureContainerApps, Settings};

pub(super) const ID: &str = "/subscriptions/0f1e2d3c-0000-4000-8000-123456789abc/resourceGroups/rg-etl/providers/Microsoft.App/containerApps/etl-app";
pub(super) const SECRET: &str = "live-\"s3cr\\et{{é}}";
pub(super) const FRESH: &str = "fr\"e\\sh'{{$#é%\n";

/// What a test asks for, by the part of the address after the app.
pub(super) struct World {
    pub(super) settings: Value,
    answers: Vec<(&'static str, String, Reply)>,
    lost: Option<(&'static str, String, Obstacle, bool)>,
}

impl World {
    pub(super) fn new() -> Self {
        let settings = json!({
            "subscription": "0f1e2d3c-0000-4000-8000-123456789abc",
            "resource_group": "rg-etl",
            "app": "etl-app",
        });
        let world = Self {
            settings,
            answers: Vec::new(),
            lost: None,
        };
        world
            .on("GET", "", app())
            .on("POST", "/listSecrets", secrets())
            .on("PATCH", "", app())
            .on(
                "GET",
                "/revisions",
                json!({ "value": [revision("etl-app--1", true)] }),
            )
            .replicas(json!([
                replica("old-a", 1, "Running"),
                replica("old-b", 2, "Running")
            ]))
            .on("POST", "/revisions/etl-app--1/restart", Value::Null)
    }

    /// It is answered with this.
    pub(super) fn on(self, method: &'static str, path: &str, body: Value) -> Self {
        self.reply(method, path, Reply::json(200, body))
    }

    pub(super) fn reply(mut self, method: &'static str, path: &str, reply: Reply) -> Self {
        self.answers
            .retain(|(other, at, _)| (*other, at.as_str()) != (method, path));
        self.answers.push((method, path.to_owned(), reply));
        self
    }

    /// It is answered with an error.
    pub(super) fn error(self, method: &'static str, path: &str, status: u16, code: &str) -> Self {
        let body = json!({ "error": { "code": code, "message": "why." } });
        self.reply(method, path, Reply::json(status, body))
    }

    /// It is not answered.
    pub(super) fn lost(mut self, method: &'static str, path: &str, maybe_sent: bool) -> Self {
        self.lost = Some((method, path.to_owned(), Obstacle::TimedOut, maybe_sent));
        self
    }

    pub(super) fn app(self, change: impl Fn(&mut Value)) -> Self {
        let mut app = app();
        change(&mut app);
        self.on("GET", "", app)
    }

    pub(super) fn container(self, change: impl Fn(&mut Value)) -> Self {
        self.app(|app| change(&mut app["properties"]["template"]["containers"][0]))
    }

    pub(super) fn secrets(self, list: Value) -> Self {
        self.on("POST", "/listSecrets", json!({ "value": list }))
    }

    pub(super) fn revisions(self, list: Value) -> Self {
        self.on("GET", "/revisions", json!({ "value": list }))
    }

    pub(super) fn replicas(self, list: Value) -> Self {
        self.on(
            "GET",
            "/revisions/etl-app--1/replicas",
            json!({ "value": list }),
        )
    }

    pub(super) fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings[name] = json!(value);
        self
    }

    /// The host of it, the live credential, and the target.
    pub(super) fn open(self) -> (Mock, Credential, Target<Settings>) {
        let mock = Mock::of::<AzureContainerApps>(self.settings);
        if let Some((method, path, why, maybe_sent)) = self.lost {
            mock.on(method, &url(&path)).unanswered(why, maybe_sent);
        }
        for (method, path, reply) in self.answers {
            mock.on(method, &url(&path)).reply(reply);
        }
        let credential = mock.credential("live-id", SECRET);
        let target = mock.target::<AzureContainerApps>();
        (mock, credential, target)
    }

    /// What the step makes of it.
    pub(super) fn run<T>(
        self,
        step: impl Fn(&Mock, &Target<Settings>, &Credential) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let (mock, credential, target) = self.open();
        step(&mock, &target, &credential)
    }
}

/// The address of the app's part; one that is whole stays as it is.
pub(super) fn url(path: &str) -> String {
    match path.starts_with("https:") {
        true => path.to_owned(),
        false => format!("https://management.azure.com{ID}{path}?api-version=2025-01-01"),
    }
}

pub(super) fn app() -> Value {
    json!({
        "id": ID,
        "name": "etl-app",
        "type": "Microsoft.App/containerApps",
        "location": "West Europe",
        "systemData": { "lastModifiedAt": "2026-05-01T10:00:00.1234567Z" },
        "properties": {
            "provisioningState": "Succeeded",
            "runningStatus": "Running",
            "configuration": {
                "activeRevisionsMode": "Single",
                "secrets": [{ "name": "matillion-client-id" }, { "name": "matillion-client-secret" }],
                "ingress": null,
            },
            "template": {
                "scale": { "minReplicas": 2, "maxReplicas": 2 },
                "containers": [container(), { "name": "sidecar", "image": "example.com/sidecar:1", "env": null }],
            },
        },
    })
}

pub(super) fn container() -> Value {
    json!({
        "name": "runner",
        "image": "example.com/runner@sha256:00",
        "env": [
            { "name": "AGENT_ID", "value": "3FA85F64-5717-4562-b3fc-2c963f66afa6" },
            { "name": "OAUTH_CLIENT_ID", "secretRef": "matillion-client-id" },
            { "name": "OAUTH_CLIENT_SECRET", "secretRef": "matillion-client-secret" },
        ],
    })
}

pub(super) fn secrets() -> Value {
    json!({ "value": [
        { "name": "matillion-client-id", "value": "live-id", "identity": null },
        { "name": "db", "value": "d\"b\\ pässword" },
        { "name": "matillion-client-secret", "value": SECRET },
        { "name": "from-vault", "keyVaultUrl": "https://v.vault.azure.net/secrets/x", "identity": "system", "value": "a copy" },
    ] })
}

pub(super) fn revision(name: &str, active: bool) -> Value {
    let mut containers = json!([container()]);
    containers[0]["env"][0]["value"] = json!("not to be seen");
    json!({
        "name": name,
        "properties": {
            "active": active,
            "trafficWeight": 0,
            "provisioningState": "Provisioned",
            "template": { "scale": { "minReplicas": 2 }, "containers": containers },
        },
    })
}

/// A replica created in this minute.
pub(super) fn replica(name: &str, minute: u32, state: &str) -> Value {
    json!({
        "name": name,
        "properties": {
            "createdTime": format!("2026-05-01T10:{minute:02}:00Z"),
            "runningState": state,
            "containers": [{ "name": "runner", "ready": state == "Running", "restartCount": 0, "runningState": state }],
        },
    })
}
