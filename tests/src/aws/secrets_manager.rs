//! Secrets Manager's side of the desk.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answers::{AwsError, text};
use super::vault::{NotStored, Secret, Stored, Vault};

pub(super) fn get(vault: &Vault, body: &Value) -> Result<Value, AwsError> {
    let secret = find(vault, body)?;
    let stage = text(body, "VersionStage");
    let version = match text(body, "VersionId") {
        Some(id) => secret
            .version(id)
            .filter(|version| stage.is_none_or(|s| version.stages.iter().any(|own| own == s))),
        None => secret.staged(stage.unwrap_or("AWSCURRENT")),
    };
    let version = version.ok_or_else(|| {
        let what = "Secrets Manager can't find the specified secret value for this stage.";
        AwsError::new("ResourceNotFoundException", what)
    })?;
    let mut answer = json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": version.id,
        "VersionStages": version.stages,
        "CreatedDate": version.created,
    });
    match &version.value {
        Stored::Text(text) => answer["SecretString"] = text.as_str().into(),
        Stored::Binary(bytes) => answer["SecretBinary"] = STANDARD.encode(bytes).into(),
    }
    Ok(answer)
}

pub(super) fn put(vault: &mut Vault, body: &Value) -> Result<Value, AwsError> {
    find(vault, body)?;
    let invalid = |what: &str| AwsError::new("InvalidParameterException", what);
    let value = match (text(body, "SecretString"), text(body, "SecretBinary")) {
        (Some(text), None) => Stored::Text(text.to_owned()),
        (None, Some(coded)) => {
            let bytes = STANDARD
                .decode(coded)
                .map_err(|_| invalid("SecretBinary is no base64."))?;
            Stored::Binary(bytes)
        }
        _ => {
            return Err(invalid(
                "You must provide either SecretString or SecretBinary.",
            ));
        }
    };
    let token = match text(body, "ClientRequestToken") {
        Some(token) if (32..=64).contains(&token.len()) => token.to_owned(),
        Some(_) => return Err(invalid("ClientRequestToken must be 32-64 characters long.")),
        None => Uuid::new_v4().to_string(),
    };
    let stages = match body["VersionStages"].as_array() {
        None => vec!["AWSCURRENT".to_owned()],
        Some(all) => all
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    };
    let secret = text(body, "SecretId")
        .and_then(|id| vault.find_mut(id))
        .ok_or_else(missing)?;
    secret.put(&token, value, &stages).map_err(|NotStored::Exists| {
        let what = "You can't use ClientRequestToken because that value is already in use for a \
                    version of this secret.";
        AwsError::new("ResourceExistsException", what)
    })?;
    let stages = secret.version(&token).map(|version| version.stages.clone());
    Ok(json!({
        "ARN": secret.arn, "Name": secret.name, "VersionId": token, "VersionStages": stages,
    }))
}

pub(super) fn list(vault: &Vault, body: &Value) -> Result<Value, AwsError> {
    let secret = find(vault, body)?;
    let deprecated = body["IncludeDeprecated"] == true;
    let versions: Vec<Value> = secret
        .versions
        .iter()
        .filter(|version| deprecated || !version.stages.is_empty())
        .map(|version| {
            json!({
                "VersionId": version.id,
                "VersionStages": version.stages,
                "CreatedDate": version.created,
            })
        })
        .collect();
    Ok(json!({ "ARN": secret.arn, "Name": secret.name, "Versions": versions }))
}

pub(super) fn describe(vault: &Vault, body: &Value) -> Result<Value, AwsError> {
    let secret = find(vault, body)?;
    let staged = secret
        .versions
        .iter()
        .filter(|version| !version.stages.is_empty());
    let stages: Map<String, Value> = staged
        .map(|version| (version.id.clone(), json!(version.stages)))
        .collect();
    Ok(json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "RotationEnabled": false,
        "VersionIdsToStages": stages,
    }))
}

fn find<'a>(vault: &'a Vault, body: &Value) -> Result<&'a Secret, AwsError> {
    text(body, "SecretId")
        .and_then(|id| vault.find(id))
        .ok_or_else(missing)
}

fn missing() -> AwsError {
    let what = "Secrets Manager can't find the specified secret.";
    AwsError::new("ResourceNotFoundException", what)
}
