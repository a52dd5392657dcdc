//! ECS's side of the desk.

use serde_json::{Value, json};

use super::answers::{AwsError, text};
use super::rollout::Service;
use super::state::State;

pub(super) fn describe_services(state: &State, body: &Value) -> Result<Value, AwsError> {
    let cluster = cluster(state, body)?;
    let wanted: Vec<&str> = body["services"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if wanted.is_empty() {
        return Err(AwsError::new(
            "InvalidParameterException",
            "Services cannot be empty.",
        ));
    }
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for name in wanted {
        match state.service(&cluster, name) {
            Some(service) => services.push(shown(state, service)),
            None => failures
                .push(json!({ "arn": state.service_arn(&cluster, name), "reason": "MISSING" })),
        }
    }
    Ok(json!({ "services": services, "failures": failures }))
}

pub(super) fn describe_task_definition(state: &State, body: &Value) -> Result<Value, AwsError> {
    let wanted = text(body, "taskDefinition").unwrap_or_default();
    let name = wanted.rsplit('/').next().unwrap_or_default();
    let found = state.definitions.iter().rev().find(|(arn, _)| {
        let own = arn.rsplit('/').next().unwrap_or_default();
        own == name || own.split(':').next() == Some(name)
    });
    let (_, definition) = found
        .ok_or_else(|| AwsError::new("ClientException", "Unable to describe task definition."))?;
    Ok(json!({ "taskDefinition": definition, "tags": [] }))
}

pub(super) fn update_service(state: &mut State, body: &Value) -> Result<Value, AwsError> {
    let cluster = cluster(state, body)?;
    let name = text(body, "service").unwrap_or_default().to_owned();
    let rollout = state.rollout.clone();
    let service = state
        .service_mut(&cluster, &name)
        .ok_or_else(|| AwsError::new("ServiceNotFoundException", "Service not found."))?;
    if service.status != "ACTIVE" {
        let what = "Service was not ACTIVE.";
        return Err(AwsError::new("ServiceNotActiveException", what));
    }
    let force = body["forceNewDeployment"] == true;
    if force && service.controller != "ECS" {
        let what = "Cannot force a new deployment on services with a CODE_DEPLOY or EXTERNAL \
                    deployment controller.";
        return Err(AwsError::new("InvalidParameterException", what));
    }
    if force {
        service.deploy(rollout);
    }
    state.tick();
    let service = state.service(&cluster, &name);
    Ok(json!({ "service": service.map(|service| shown(state, service)) }))
}

/// The name of an existing cluster, given by name or ARN.
fn cluster(state: &State, body: &Value) -> Result<String, AwsError> {
    let wanted = text(body, "cluster").unwrap_or("default");
    let name = wanted.rsplit('/').next().unwrap_or_default();
    if state.services.iter().any(|service| service.cluster == name) {
        return Ok(name.to_owned());
    }
    Err(AwsError::new(
        "ClusterNotFoundException",
        "Cluster not found.",
    ))
}

fn shown(state: &State, service: &Service) -> Value {
    let deployments: Vec<Value> = service
        .deployments
        .iter()
        .map(|deployment| {
            json!({
                "id": deployment.id,
                "status": deployment.status,
                "taskDefinition": deployment.task_definition,
                "desiredCount": if deployment.rollout_state == "FAILED" { 0 } else { service.desired },
                "pendingCount": deployment.pending,
                "runningCount": deployment.running,
                "failedTasks": deployment.failed,
                "createdAt": deployment.created,
                "updatedAt": deployment.created,
                "launchType": "FARGATE",
                "platformVersion": "1.4.0",
                "platformFamily": "Linux",
                "rolloutState": deployment.rollout_state,
                "rolloutStateReason": deployment.rollout_state_reason,
            })
        })
        .collect();
    let count =
        |pick: fn(&super::Deployment) -> u32| -> u32 { service.deployments.iter().map(pick).sum() };
    let events = service.events.iter().enumerate().map(|(index, message)| {
        json!({ "id": format!("event-{index}"), "createdAt": 1_767_225_600.0, "message": message })
    });
    json!({
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": state.cluster_arn(&service.cluster),
        "status": service.status,
        "desiredCount": service.desired,
        "runningCount": count(|deployment| deployment.running),
        "pendingCount": count(|deployment| deployment.pending),
        "launchType": "FARGATE",
        "taskDefinition": service.task_definition,
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": { "enable": true, "rollback": true },
            "maximumPercent": 200,
            "minimumHealthyPercent": 50,
        },
        "deploymentController": { "type": service.controller },
        "deployments": deployments,
        "events": events.collect::<Vec<_>>(),
    })
}
