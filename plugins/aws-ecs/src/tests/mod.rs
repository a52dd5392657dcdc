//! The five steps against a mock host: a world of AWS in which all is well, and each test bends
//! one thing in it.

mod check;
mod refused;
mod restart;
mod write;

use keyferry_sdk::mock::{Mock, Reply};
use keyferry_sdk::{Credential, Obstacle, Target};
use serde_json::{Value, json};

use crate::{AwsEcs, Settings};

pub(super) const ARN: &str =
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:matillion-oauth-credentials-AbCdEf";
pub(super) const SECRETS: &str = "https://secretsmanager.eu-west-1.amazonaws.com/";
pub(super) const ECS: &str = "https://ecs.eu-west-1.amazonaws.com/";
pub(super) const SECRET: &str = "live-\"s3cr\\et{{é}}";

/// What AWS would answer.
pub(super) struct World {
    /// The answer of each operation by its short name.
    pub(super) answers: Vec<(&'static str, Reply)>,
    pub(super) lost: Option<(&'static str, Obstacle, bool)>,
    pub(super) settings: Value,
}

impl World {
    pub(super) fn new() -> Self {
        let answers = vec![
            ("GetSecretValue", Reply::json(200, value(&document()))),
            (
                "DescribeSecret",
                Reply::json(
                    200,
                    json!({ "ARN": ARN, "Name": "matillion-oauth-credentials" }),
                ),
            ),
            (
                "PutSecretValue",
                Reply::json(200, json!({ "ARN": ARN, "VersionId": "v2" })),
            ),
            (
                "DescribeServices",
                Reply::json(200, json!({ "services": [service()], "failures": [] })),
            ),
            (
                "DescribeTaskDefinition",
                Reply::json(200, json!({ "taskDefinition": task() })),
            ),
            (
                "UpdateService",
                Reply::json(200, json!({ "service": service() })),
            ),
        ];
        let settings = json!({
            "region": "eu-west-1",
            "cluster": "etl",
            "service": "runner",
            "secret_id": "matillion-oauth-credentials",
        });
        Self {
            answers,
            lost: None,
            settings,
        }
    }

    /// The operation answers this.
    pub(super) fn answer(mut self, operation: &'static str, status: u16, body: Value) -> Self {
        self.answers.retain(|(name, _)| *name != operation);
        self.answers.push((operation, Reply::json(status, body)));
        self
    }

    /// The operation answers an error.
    pub(super) fn error(self, operation: &'static str, code: &str) -> Self {
        self.answer(
            operation,
            400,
            json!({ "__type": format!("com.amazonaws#{code}"), "message": "why" }),
        )
    }

    /// The secret holds this text.
    pub(super) fn holds(self, text: &str) -> Self {
        self.answer("GetSecretValue", 200, value(text))
    }

    /// A container's definition with this change.
    pub(super) fn container(self, change: impl Fn(&mut Value)) -> Self {
        let mut task = task();
        change(&mut task["containerDefinitions"][0]);
        self.answer(
            "DescribeTaskDefinition",
            200,
            json!({ "taskDefinition": task }),
        )
    }

    /// The service with this change.
    pub(super) fn service(self, change: impl Fn(&mut Value)) -> Self {
        let mut service = service();
        change(&mut service);
        self.answer("DescribeServices", 200, json!({ "services": [service] }))
    }

    /// A setting has this value.
    pub(super) fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings[name] = json!(value);
        self
    }

    /// The host of it, the live credential, and the target.
    pub(super) fn open(self) -> (Mock, Credential, Target<Settings>) {
        let mock = Mock::of::<AwsEcs>(self.settings);
        for (operation, reply) in self.answers {
            let (url, target) = address(operation);
            let on = mock.on("POST", url).header("x-amz-target", &target);
            match self.lost {
                Some((lost, why, maybe_sent)) if lost == operation => {
                    on.unanswered(why, maybe_sent)
                }
                _ => on.reply(reply),
            }
        }
        let credential = mock.credential("live-id", SECRET);
        let target = mock.target::<AwsEcs>();
        (mock, credential, target)
    }
}

pub(super) fn address(operation: &str) -> (&'static str, String) {
    match operation.contains("Secret") {
        true => (SECRETS, format!("secretsmanager.{operation}")),
        false => (
            ECS,
            format!("AmazonEC2ContainerServiceV20141113.{operation}"),
        ),
    }
}

pub(super) fn value(text: &str) -> Value {
    json!({ "ARN": ARN, "Name": "matillion-oauth-credentials", "VersionId": "v1", "SecretString": text })
}

pub(super) fn document() -> String {
    json!({
        "client_id": "live-id",
        "client_secret": SECRET,
        "db_password": "neighb\"our-é",
        "port": 5432,
        "deep": { "x": [1.50, null] },
    })
    .to_string()
}

pub(super) fn service() -> Value {
    json!({
        "serviceName": "runner",
        "status": "ACTIVE",
        "desiredCount": 2,
        "taskDefinition": "arn:aws:ecs:eu-west-1:111122223333:task-definition/runner:7",
        "deploymentController": { "type": "ECS" },
        "deployments": [deployment("ecs-svc/1", "PRIMARY", "COMPLETED", 2)],
        "events": [],
    })
}

pub(super) fn deployment(id: &str, status: &str, state: &str, running: u32) -> Value {
    json!({
        "id": id,
        "status": status,
        "rolloutState": state,
        "desiredCount": 2,
        "runningCount": running,
        "pendingCount": 2 - running,
        "failedTasks": 0,
        "createdAt": 1_700_000_000.5,
    })
}

pub(super) fn task() -> Value {
    json!({
        "family": "runner",
        "containerDefinitions": [{
            "name": "runner",
            "image": "registry.example.com/runner@sha256:00",
            "environment": [{ "name": "AGENT_ID", "value": "3FA85F64-5717-4562-b3fc-2c963f66afa6" }],
            "secrets": [
                { "name": "OAUTH_CLIENT_ID", "valueFrom": format!("{ARN}:client_id::") },
                { "name": "OAUTH_CLIENT_SECRET", "valueFrom": format!("{ARN}:client_secret::") },
            ],
        }, { "name": "sidecar", "image": "registry.example.com/sidecar:latest" }],
    })
}

/// The secret comes from this reference.
pub(super) fn read_from(reference: &str) -> impl Fn(&mut Value) {
    let reference = reference.to_owned();
    move |container| container["secrets"][1]["valueFrom"] = json!(reference)
}

/// An installation of the older kind, with the reference in its environment.
pub(super) fn older(reference: &str) -> impl Fn(&mut Value) {
    let reference = reference.to_owned();
    move |container| {
        container["secrets"] = json!([]);
        let environment = container["environment"].as_array_mut().expect("a list");
        environment.push(json!({ "name": "OAUTH_SECRET_REF", "value": reference }));
    }
}
