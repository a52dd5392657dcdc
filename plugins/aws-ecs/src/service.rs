//! The ECS service: what it is, and whether it is one that can be restarted by a forced deployment.

use keyferry_sdk::{Failure, Host};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::aws::{self, DESCRIBE_SERVICES};
use crate::settings::Settings;

/// The answer of DescribeServices.
#[derive(Deserialize)]
pub(crate) struct Services {
    #[serde(default)]
    services: Vec<Service>,
}

/// The answer of UpdateService.
#[derive(Deserialize)]
pub(crate) struct Updated {
    pub(crate) service: Service,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Service {
    pub(crate) status: String,
    pub(crate) desired_count: u32,
    pub(crate) task_definition: String,
    pub(crate) deployment_controller: Option<Controller>,
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Controller {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) desired_count: u32,
    pub(crate) pending_count: u32,
    pub(crate) running_count: u32,
    pub(crate) failed_tasks: u32,
    pub(crate) rollout_state: Option<String>,
    pub(crate) rollout_state_reason: Option<String>,
    pub(crate) created_at: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Event {
    pub(crate) message: String,
    pub(crate) created_at: Value,
}

impl Service {
    /// The deployment that the service is moving to.
    pub(crate) fn primary(&self) -> Option<&Deployment> {
        self.deployments
            .iter()
            .find(|deployment| deployment.status == "PRIMARY")
    }
}

/// Reads the service.
pub(crate) fn describe_service(host: &dyn Host, settings: &Settings) -> Result<Service, Failure> {
    let body = json!({ "cluster": settings.cluster, "services": [settings.service] });
    let answer: Services = aws::call(host, settings, &DESCRIBE_SERVICES, &body)?;
    let (service, cluster) = (&settings.service, &settings.cluster);
    let found = answer.services.into_iter().next().ok_or_else(|| {
        Failure::missing(format!(
            "the cluster {cluster} has no service {service}; see the names and the region"
        ))
    })?;
    match found.status.as_str() {
        "INACTIVE" => Err(Failure::missing(format!(
            "the service {service} in {cluster} was deleted"
        ))),
        "DRAINING" => Err(Failure::rejected(format!(
            "the service {service} in {cluster} is being deleted"
        ))),
        _ => Ok(found),
    }
}

/// What speaks against a restart, and what the operator should know before one.
pub(crate) fn confirm(service: &Service, settings: &Settings) -> Result<Vec<String>, Failure> {
    let name = &settings.service;
    if let Some(Controller { kind }) = service
        .deployment_controller
        .as_ref()
        .filter(|controller| controller.kind != "ECS")
    {
        return Err(Failure::rejected(format!(
            "deployments of {name} are made by {kind}, so ECS refuses to force one; this sink can't restart it"
        )));
    }
    let mut warnings = vec![
        "whether the identity in use may restart the service (ecs:UpdateService) shows only when it does".to_owned(),
    ];
    if service.desired_count == 0 {
        warnings.push(format!(
            "{name} wants 0 tasks: there is nothing to restart, and the runner will not connect"
        ));
    }
    let moving =
        |deployment: &Deployment| deployment.rollout_state.as_deref() == Some("IN_PROGRESS");
    if service.deployments.len() > 1 || service.deployments.iter().any(moving) {
        warnings.push(format!(
            "a deployment of {name} is under way; the restart will replace it"
        ));
    }
    Ok(warnings)
}
