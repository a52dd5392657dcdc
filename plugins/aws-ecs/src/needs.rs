//! All that this sink may ever ask of AWS. The operation, the secret, the cluster and the service
//! are pinned, so that even an administrator's role can be used for nothing else.

use keyferry_sdk::{HttpNeed, Manifest};

use crate::aws::{
    DESCRIBE_SECRET, DESCRIBE_SERVICES, DESCRIBE_TASK_DEFINITION, GET_SECRET_VALUE, Operation,
    PUT_SECRET_VALUE, UPDATE_SERVICE,
};

pub(crate) fn manifest() -> Manifest {
    Manifest::new(
        "aws-ecs",
        env!("CARGO_PKG_VERSION"),
        "AWS Secrets Manager, read by the tasks of an ECS service",
    )
    .need(
        need(&GET_SECRET_VALUE)
            .body("/SecretId", "{secret_id}")
            .seals("/SecretString/#/*")
            .seals("/SecretString")
            .seals("/SecretBinary")
            .reason("to change one key of the secret and leave the others, and to read back what was written"),
    )
    .need(
        need(&PUT_SECRET_VALUE)
            .body("/SecretId", "{secret_id}")
            .body("/ClientRequestToken", "{attempt}")
            .body("/SecretString", "*")
            .carries_secret()
            .reason("to store the runner's secret"),
    )
    .need(
        need(&DESCRIBE_SECRET)
            .body("/SecretId", "{secret_id}")
            .reason("to tell an empty secret from a missing one, and see whether something else rotates it"),
    )
    .need(
        need(&DESCRIBE_SERVICES)
            .body("/cluster", "{cluster}")
            .body("/services/0", "{service}")
            .reason("to find the service's task definition and follow its deployment"),
    )
    .need(
        need(&DESCRIBE_TASK_DEFINITION)
            .body("/taskDefinition", "*")
            .reason("to confirm that the service is this runner's and reads this secret"),
    )
    .need(
        need(&UPDATE_SERVICE)
            .body("/cluster", "{cluster}")
            .body("/service", "{service}")
            .body("/forceNewDeployment", "true")
            .reason("to restart the runner by a new deployment of the same task definition"),
    )
}

fn need(operation: &Operation) -> HttpNeed {
    HttpNeed::post(operation.url("{region}"))
        .header("x-amz-target", operation.target)
        .auth("aws")
}
