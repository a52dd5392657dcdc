//! One call of an AWS service in the AWS JSON 1.1 protocol. Signing is the host's.

use keyferry_sdk::{Failure, FailureKind, Host, Unanswered};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::errors::AwsError;
use crate::settings::Settings;

/// An operation of a service.
pub(crate) struct Operation {
    service: &'static str,
    pub(crate) target: &'static str,
    /// Whether a lost answer leaves it open what happened.
    writes: bool,
}

pub(crate) const GET_SECRET_VALUE: Operation = Operation {
    service: "secretsmanager",
    target: "secretsmanager.GetSecretValue",
    writes: false,
};
pub(crate) const DESCRIBE_SECRET: Operation = Operation {
    service: "secretsmanager",
    target: "secretsmanager.DescribeSecret",
    writes: false,
};
pub(crate) const PUT_SECRET_VALUE: Operation = Operation {
    service: "secretsmanager",
    target: "secretsmanager.PutSecretValue",
    writes: true,
};
pub(crate) const DESCRIBE_SERVICES: Operation = Operation {
    service: "ecs",
    target: "AmazonEC2ContainerServiceV20141113.DescribeServices",
    writes: false,
};
pub(crate) const DESCRIBE_TASK_DEFINITION: Operation = Operation {
    service: "ecs",
    target: "AmazonEC2ContainerServiceV20141113.DescribeTaskDefinition",
    writes: false,
};
pub(crate) const UPDATE_SERVICE: Operation = Operation {
    service: "ecs",
    target: "AmazonEC2ContainerServiceV20141113.UpdateService",
    writes: true,
};

impl Operation {
    pub(crate) fn url(&self, region: &str) -> String {
        format!("https://{}.{region}.amazonaws.com/", self.service)
    }

    /// The operation's own name.
    pub(crate) fn name(&self) -> &'static str {
        self.target.rsplit('.').next().unwrap_or(self.target)
    }
}

/// A call that came to nothing: AWS's code, where AWS answered, and what it means.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: Option<String>,
    pub(crate) failure: Failure,
}

impl Refusal {
    pub(crate) fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    pub(crate) fn is_denied(&self) -> bool {
        self.failure.kind == FailureKind::Denied
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        refusal.failure
    }
}

/// Calls the operation and reads its answer.
pub(crate) fn call<T: DeserializeOwned>(
    host: &dyn Host,
    settings: &Settings,
    operation: &Operation,
    body: &Value,
) -> Result<T, Refusal> {
    let lost = |unanswered: Unanswered| match operation.writes {
        true => unanswered.while_writing(),
        false => unanswered.while_reading(),
    };
    let silent = |mut failure: Failure| {
        failure.message = format!(
            "{} in {}: {}",
            operation.name(),
            settings.region,
            failure.message
        );
        Refusal {
            code: None,
            failure,
        }
    };
    let answer = host
        .post(&operation.url(&settings.region))
        .header("x-amz-target", operation.target)
        .header("content-type", "application/x-amz-json-1.1")
        .json(body)
        .send()
        .map_err(|unanswered| silent(lost(unanswered)))?;
    if answer.is_success() {
        // Such an answer is none of AWS's: something on the way gave it.
        return answer.json().map_err(|mut failure| {
            failure.kind = match operation.writes {
                true => FailureKind::Uncertain,
                false => FailureKind::Unavailable,
            };
            silent(failure)
        });
    }
    let error = AwsError::of(&answer);
    let failure = error.failure(operation.name(), &settings.region);
    Err(Refusal {
        code: Some(error.code),
        failure,
    })
}
