//! What a change asks for, held against the rules that Azure holds it against: a list of secrets is
//! the whole list, and each has a value or a vault.

use serde_json::Value;

use super::answers::ArmError;
use super::app::{App, Secret};

/// A change that was found good.
#[derive(Clone)]
pub(super) enum Change {
    Secrets(Vec<(String, Secret)>),
    Revision(String),
}

pub(super) fn read(app: &App, body: &Value) -> Result<Change, ArmError> {
    let same_place = |text: &str| {
        let plain = |text: &str| text.replace(' ', "").to_lowercase();
        plain(text) == plain(&app.location)
    };
    match &body["location"] {
        // Described as required, and not asked for.
        Value::Null => {}
        Value::String(location) if same_place(location) => {}
        _ => {
            let message = "The location can't be changed.";
            return Err(ArmError::new(409, "InvalidResourceLocation", message));
        }
    }
    let properties = &body["properties"];
    match (
        &properties["configuration"]["secrets"],
        &properties["template"]["revisionSuffix"],
    ) {
        (Value::Array(list), Value::Null) => secrets(app, list).map(Change::Secrets),
        (Value::Null, Value::String(suffix)) => revision(app, suffix).map(Change::Revision),
        _ => Err(ArmError::new(
            400,
            "InvalidRequestContent",
            "The stand-in knows no other change.",
        )),
    }
}

/// The secrets of a whole app, as in a PUT.
pub(super) fn secrets(app: &App, list: &[Value]) -> Result<Vec<(String, Secret)>, ArmError> {
    let mut read: Vec<(String, Secret)> = Vec::new();
    for entry in list {
        let text = |name: &str| entry[name].as_str().filter(|text| !text.is_empty());
        let name = text("name").unwrap_or_default();
        let secret = match (
            entry["value"].as_str(),
            text("keyVaultUrl"),
            text("identity"),
        ) {
            (None, Some(url), Some(identity)) => Secret::Vault {
                url: url.to_owned(),
                identity: identity.to_owned(),
            },
            (Some(value), None, None) if !name.is_empty() => Secret::Value(value.to_owned()),
            _ => {
                let message = format!(
                    "Container app secret(s) with name(s) '{name}' are invalid: value or keyVaultUrl and identity should be provided."
                );
                return Err(ArmError::new(400, "ContainerAppSecretInvalid", &message));
            }
        };
        read.push((name.to_owned(), secret));
    }
    let containers = app.template["containers"].as_array().into_iter().flatten();
    let variables =
        containers.flat_map(|container| container["env"].as_array().into_iter().flatten());
    for reference in variables.filter_map(|variable| variable["secretRef"].as_str()) {
        if !read.iter().any(|(name, _)| name == reference) {
            let message = format!("The secret reference '{reference}' was not found.");
            return Err(ArmError::new(
                400,
                "ContainerAppSecretRefNotFound",
                &message,
            ));
        }
    }
    Ok(read)
}

fn revision(app: &App, suffix: &str) -> Result<String, ArmError> {
    let name = format!("{}--{suffix}", app.name);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = suffix.chars().all(plain)
        && suffix.starts_with(|c: char| c.is_ascii_lowercase())
        && !suffix.contains("--")
        && !suffix.ends_with('-')
        && name.len() < 64;
    let known = app.revisions.iter().any(|revision| revision.name == name);
    match (good, known) {
        (true, false) => Ok(name),
        (false, _) => Err(ArmError::new(
            400,
            "ContainerAppInvalidRevisionSuffix",
            "Invalid revision suffix.",
        )),
        (true, true) => Err(ArmError::new(
            400,
            "ContainerAppInvalidRevisionSuffix",
            "A revision with this suffix exists.",
        )),
    }
}
