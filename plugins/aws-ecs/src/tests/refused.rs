use keyferry_sdk::FailureKind::{self, Denied, Missing, Rejected, Unavailable};
use keyferry_sdk::Sink;
use serde_json::{Value, json};

use super::{ARN, World, older, read_from};
use crate::AwsEcs;

#[test]
fn what_makes_a_refresh_unsafe_is_refused() {
    let other = ARN.replace("oauth", "other");
    let runner = |id: &str| {
        let id = id.to_owned();
        move |container: &mut Value| container["environment"][0]["value"] = json!(id)
    };
    let controller = |kind: &str| {
        let kind = kind.to_owned();
        move |service: &mut Value| service["deploymentController"]["type"] = json!(kind)
    };
    let status = |status: &str| {
        let status = status.to_owned();
        move |service: &mut Value| service["status"] = json!(status)
    };
    let described = |fields: Value| {
        let mut body = json!({ "ARN": ARN, "Name": "n" });
        body.as_object_mut()
            .expect("an object")
            .extend(fields.as_object().expect("an object").clone());
        World::new().answer("DescribeSecret", 200, body)
    };
    let empty = || World::new().error("GetSecretValue", "ResourceNotFoundException");
    let in_clear = |container: &mut Value| {
        container["secrets"] = json!([]);
        container["environment"] =
            json!([{ "name": "OAUTH_CLIENT_SECRET", "value": "in-the-clear" }]);
    };
    let foreign_id = |container: &mut Value| {
        container["secrets"]
            .as_array_mut()
            .expect("a list")
            .remove(0);
        container["environment"]
            .as_array_mut()
            .expect("a list")
            .push(json!({ "name": "OAUTH_CLIENT_ID", "value": "else" }));
    };
    let binary = json!({ "ARN": ARN, "Name": "n", "VersionId": "v", "SecretBinary": "AAAA" });
    let cases: Vec<(World, FailureKind, &str)> = vec![
        (
            World::new().container(read_from(&format!("{other}:client_secret::"))),
            Rejected,
            "not from",
        ),
        (
            World::new().container(read_from("arn:aws:ssm:eu-west-1:1:parameter/x")),
            Rejected,
            "not from",
        ),
        (
            World::new().container(read_from(&format!("{ARN}:client_secret::11112222"))),
            Rejected,
            "pinned to version 11112222",
        ),
        (
            World::new().container(read_from(&format!("{ARN}:client_secret:AWSPREVIOUS:"))),
            Rejected,
            "AWSPREVIOUS",
        ),
        (
            World::new().container(read_from(&format!("{ARN}:password::"))),
            Rejected,
            "reads the key password",
        ),
        (World::new().holds("plain"), Rejected, "no JSON object"),
        (
            World::new().holds(r#"{"a":"b"}"#).container(read_from(ARN)),
            Rejected,
            "without the key client_secret",
        ),
        (
            empty().container(read_from(ARN)),
            Rejected,
            "store any text in it first",
        ),
        (World::new().container(older(&other)), Rejected, "not from"),
        (
            World::new().container(older(&format!("{ARN}:::v9"))),
            Rejected,
            "pinned",
        ),
        (
            World::new().holds("plain").container(older(ARN)),
            Rejected,
            "is none",
        ),
        (
            World::new().container(in_clear),
            Rejected,
            "stands in the task definition itself",
        ),
        (
            World::new().container(foreign_id),
            Rejected,
            "could not sign in",
        ),
        (
            World::new().container(|container| container["secrets"] = json!([])),
            Rejected,
            "no container of runner reads",
        ),
        (
            World::new().container(runner("00000000-0000-0000-0000-000000000000")),
            Rejected,
            "is the runner 00000000",
        ),
        (
            World::new().container(|container| container["name"] = json!("script-runner")),
            Rejected,
            "script runner",
        ),
        (
            World::new().setting("service", "etl-script-runner"),
            Rejected,
            "script runner",
        ),
        (
            World::new().service(controller("CODE_DEPLOY")),
            Rejected,
            "CODE_DEPLOY",
        ),
        (
            World::new().service(controller("EXTERNAL")),
            Rejected,
            "EXTERNAL",
        ),
        (World::new().service(status("INACTIVE")), Missing, "deleted"),
        (
            World::new().service(status("DRAINING")),
            Rejected,
            "being deleted",
        ),
        (
            World::new().answer(
                "DescribeServices",
                200,
                json!({ "services": [], "failures": [{ "reason": "MISSING" }] }),
            ),
            Missing,
            "no service runner",
        ),
        (
            World::new().error("DescribeServices", "ClusterNotFoundException"),
            Missing,
            "ClusterNotFoundException",
        ),
        (
            World::new().error("DescribeServices", "AccessDeniedException"),
            Denied,
            "DescribeServices",
        ),
        (
            World::new().error("DescribeTaskDefinition", "ClientException"),
            Rejected,
            "ClientException",
        ),
        (
            empty().error("DescribeSecret", "ResourceNotFoundException"),
            Missing,
            "GetSecretValue",
        ),
        (
            World::new().error("GetSecretValue", "AccessDeniedException"),
            Denied,
            "GetSecretValue",
        ),
        (
            World::new().error("GetSecretValue", "ThrottlingException"),
            Unavailable,
            "ThrottlingException",
        ),
        (
            World::new().error("DescribeSecret", "ThrottlingException"),
            Unavailable,
            "ThrottlingException",
        ),
        (
            World::new().answer("GetSecretValue", 200, binary),
            Rejected,
            "binary",
        ),
        (
            World::new().answer("GetSecretValue", 200, json!([])),
            Unavailable,
            "not the JSON expected",
        ),
        (
            described(json!({ "DeletedDate": 1.7e9 })),
            Rejected,
            "scheduled for deletion",
        ),
        (
            described(json!({ "OwningService": "rds" })),
            Rejected,
            "managed by rds",
        ),
        (
            described(json!({ "PrimaryRegion": "us-east-1" })),
            Rejected,
            "replica",
        ),
    ];
    for (world, kind, said) in cases {
        let (mock, current, target) = world.open();
        let failure = AwsEcs::check(&mock, &target, &current).expect_err(said);
        assert!(
            failure.message.contains(said),
            "{} does not say {said}",
            failure.message
        );
        assert_eq!(failure.kind, kind, "{failure}");
    }
}

#[test]
fn every_container_that_reads_the_secret_is_confirmed() {
    let mut task = super::task();
    let mut second = task["containerDefinitions"][0].clone();
    second["name"] = json!("second");
    second["secrets"][1]["valueFrom"] = json!(format!("{ARN}:client_secret::v9"));
    task["containerDefinitions"][1] = second;
    let (mock, current, target) = World::new()
        .answer(
            "DescribeTaskDefinition",
            200,
            json!({ "taskDefinition": task }),
        )
        .open();
    let failure = AwsEcs::check(&mock, &target, &current).expect_err("pinned");
    assert!(
        failure.message.contains("container second is pinned"),
        "{failure}"
    );
}
