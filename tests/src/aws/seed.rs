//! An installation as the issuer's own templates make it: one secret with neighbours, one task
//! definition, one service with two tasks.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::rollout::Service;
use super::state::State;

/// Where the parts of an installation are.
#[derive(Clone, Debug)]
pub struct Etl {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
    /// The secret's name.
    pub secret_id: String,
    /// The secret's ARN.
    pub secret_arn: String,
    /// The task definition's ARN.
    pub task_definition: String,
}

/// The members of a JSON object, each with the very text that stands for it: to compare
/// neighbours without a parser rounding their numbers.
pub fn members(object: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let parsed: BTreeMap<String, Box<RawValue>> = serde_json::from_str(object)?;
    Ok(parsed
        .into_iter()
        .map(|(name, raw)| (name, raw.get().to_owned()))
        .collect())
}

/// `service` is its name in the cluster, `secret_id` the name of its secret.
pub(super) fn etl(
    state: &mut State,
    (service, secret_id): (&str, &str),
    runner_id: &str,
    client_id: &str,
    secret: &str,
) -> Etl {
    let cluster = "etl";
    let text = secret_text(client_id, secret);
    state.vault.put_behind(secret_id, super::Stored::Text(text));
    let secret_arn = state
        .vault
        .find(secret_id)
        .map(|s| s.arn.clone())
        .unwrap_or_default();
    let task_definition = state.register(definition(&secret_arn, runner_id));
    let arn = state.service_arn(cluster, service);
    state.services.retain(|old| old.arn != arn);
    state
        .services
        .push(Service::at_rest(arn, cluster, service, &task_definition, 2));
    Etl {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
        secret_id: secret_id.to_owned(),
        secret_arn,
        task_definition,
    }
}

/// By hand, so that the neighbours' text is exactly this.
fn secret_text(client_id: &str, secret: &str) -> String {
    let (client_id, secret) = (Value::from(client_id), Value::from(secret));
    format!(
        concat!(
            r#"{{"client_id":{client_id},"db_password":"p\u00e4ss \"w\" \\ ünï","#,
            r#""client_secret":{secret},"port":5432,"ratio":1.10,"#,
            r#""big":12345678901234567890123,"nested":{{"z":[1,2.50,null],"a":{{"on":true}}}},"#,
            r#""empty":null}}"#,
        ),
        client_id = client_id,
        secret = secret,
    )
}

fn definition(secret_arn: &str, runner_id: &str) -> Value {
    let environment = [
        ("ACCOUNT_ID", "acme"),
        ("AGENT_ID", runner_id),
        ("MATILLION_REGION", "eu1"),
        ("CLOUD_PROVIDER", "AWS"),
    ];
    let environment = environment.map(|(name, value)| json!({ "name": name, "value": value }));
    let from = |key: &str| format!("{secret_arn}:{key}::");
    json!({
        "family": "etl-runner",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "1024",
        "memory": "4096",
        "executionRoleArn": "arn:aws:iam::123456789012:role/etl-execution",
        "containerDefinitions": [{
            "name": "runner",
            "image": "public.ecr.aws/matillion/etl-agent:current",
            "essential": true,
            "versionConsistency": "disabled",
            "environment": environment,
            "secrets": [
                { "name": "OAUTH_CLIENT_ID", "valueFrom": from("client_id") },
                { "name": "OAUTH_CLIENT_SECRET", "valueFrom": from("client_secret") },
            ],
        }],
    })
}
