//! An installation as the issuer's own templates make it: one app with two replicas whose secrets
//! have neighbours, one of them in a vault.

use serde_json::{Value, json};

use super::app::{App, Secret};
use super::revision::Revision;
use super::state::State;

/// The secrets beside the runner's, and what they hold.
pub const NEIGHBOURS: [(&str, &str); 3] = [
    (
        "db-password",
        "p\u{e4}ss \"w\" \\ \u{fc}n\u{ef} {{x}} $HOME #1\n\ttwo lines",
    ),
    (
        "looks-like-json",
        "{\"n\":1.10,\"big\":12345678901234567890123,\"t\":true}",
    ),
    ("number", "5432"),
];

/// Where the parts of an installation are.
#[derive(Clone, Debug)]
pub struct Container {
    /// The subscription's id.
    pub subscription: String,
    /// The resource group.
    pub group: String,
    /// The app's name.
    pub app: String,
    /// The name of the secret.
    pub secret: String,
}

pub(super) fn empty(subscription: &str) -> App {
    App {
        subscription: subscription.to_owned(),
        group: "rg-etl".to_owned(),
        name: "etl-app-x7".to_owned(),
        location: "West Europe".to_owned(),
        secrets: Vec::new(),
        template: Value::Null,
        multiple: false,
        revisions: Vec::new(),
        provisioning_state: "Succeeded".to_owned(),
        running_status: "Running".to_owned(),
        last_modified: "2026-01-05T09:00:00.1234567Z".to_owned(),
    }
}

pub(super) fn etl(state: &mut State, runner_id: &str, id: &str, secret: &str) -> Container {
    let mut app = empty(&state.app.subscription);
    app.template = template(runner_id);
    app.set("matillion-client-id", Secret::Value(id.to_owned()));
    for (name, value) in &NEIGHBOURS[..2] {
        app.set(name, Secret::Value((*value).to_owned()));
    }
    app.set("matillion-client-secret", Secret::Value(secret.to_owned()));
    let vault = Secret::Vault {
        url: "https://etl.vault.azure.net/secrets/license".to_owned(),
        identity: "system".to_owned(),
    };
    app.set("license", vault);
    let (name, value) = NEIGHBOURS[2];
    app.set(name, Secret::Value(value.to_owned()));
    let first = format!("{}--first", app.name);
    app.revisions = vec![Revision::at_rest(&first, &app.template, 100)];
    state.app = app;
    state.operations.clear();
    Container {
        subscription: state.app.subscription.clone(),
        group: state.app.group.clone(),
        app: state.app.name.clone(),
        secret: "matillion-client-secret".to_owned(),
    }
}

fn template(runner_id: &str) -> Value {
    let plain = |name: &str, value: &str| json!({ "name": name, "value": value });
    let secret = |name: &str, of: &str| json!({ "name": name, "secretRef": of });
    json!({
        "revisionSuffix": "",
        "scale": { "minReplicas": 2, "maxReplicas": 2, "rules": null },
        "initContainers": null,
        "volumes": null,
        "containers": [{
            "name": "runner",
            "image": "matillion.azurecr.io/cloud-agent:current",
            "resources": { "cpu": 1.0, "memory": "4Gi" },
            "env": [
                plain("ACCOUNT_ID", "acme"),
                plain("AGENT_ID", runner_id),
                plain("MATILLION_REGION", "eu1"),
                plain("CLOUD_PROVIDER", "AZURE"),
                secret("OAUTH_CLIENT_ID", "matillion-client-id"),
                secret("OAUTH_CLIENT_SECRET", "matillion-client-secret"),
                secret("DB_PASSWORD", "db-password"),
            ],
        }],
    })
}
