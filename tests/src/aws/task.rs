//! A container's start: its environment, with each secret read from the vault at that moment.

use serde_json::Value;

use super::vault::{Stored, Vault};
use crate::instance::Instance;

/// What the container that holds the runner's credential finds in its environment. None where a
/// secret can't be had: ECS then fails to start the task.
pub(super) fn start(definition: &Value, vault: &Vault) -> Option<Instance> {
    let containers = definition["containerDefinitions"].as_array()?;
    let container = containers.iter().find(|container| {
        named(&container["secrets"], "OAUTH_CLIENT_SECRET").is_some()
            || named(&container["environment"], "OAUTH_SECRET_REF").is_some()
    })?;
    let environment = &container["environment"];
    let runner_id = text(named(environment, "AGENT_ID")?, "value")?;
    let pick = |name: &str, key: &str| match named(environment, "OAUTH_SECRET_REF") {
        Some(legacy) => resolve(vault, &format!("{}:{key}::", text(legacy, "value")?)),
        None => match named(&container["secrets"], name) {
            Some(secret) => resolve(vault, &text(secret, "valueFrom")?),
            None => text(named(environment, name)?, "value"),
        },
    };
    Some(Instance {
        client_id: pick("OAUTH_CLIENT_ID", "client_id")?,
        client_secret: pick("OAUTH_CLIENT_SECRET", "client_secret")?,
        runner_id,
    })
}

/// `arn:aws:secretsmanager:region:account:secret:name:json-key:stage:version`
fn resolve(vault: &Vault, reference: &str) -> Option<String> {
    let parts: Vec<&str> = reference.split(':').collect();
    let secret = vault.find(&parts.get(..7)?.join(":"))?;
    let part = |index: usize| parts.get(index).copied().filter(|part| !part.is_empty());
    let version = match part(9) {
        Some(id) => secret.version(id)?,
        None => secret.staged(part(8).unwrap_or("AWSCURRENT"))?,
    };
    let Stored::Text(value) = &version.value else {
        return None;
    };
    match part(7) {
        None => Some(value.clone()),
        Some(key) => text(&serde_json::from_str(value).ok()?, key),
    }
}

fn named<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    list.as_array()?.iter().find(|entry| entry["name"] == name)
}

fn text(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(str::to_owned)
}
