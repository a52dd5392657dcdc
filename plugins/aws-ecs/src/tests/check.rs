use keyferry_sdk::FailureKind::{self, Denied, Missing, Rejected, Unavailable};
use keyferry_sdk::{Currency, Obstacle, Plan, Sink};
use serde_json::{Value, json};

use super::{ARN, SECRET, World, deployment, document, value};
use crate::AwsEcs;

const RESTART: &str = "whether the identity in use may restart the service (ecs:UpdateService) shows only when it does";

fn plan(world: World) -> Plan {
    let (mock, current, target) = world.open();
    AwsEcs::check(&mock, &target, &current).expect("a plan")
}

/// The warnings beside the one that always stands.
fn warnings(world: World) -> Vec<String> {
    let warnings = plan(world).warnings;
    assert_eq!(warnings.iter().filter(|line| *line == RESTART).count(), 1);
    warnings
        .into_iter()
        .filter(|line| line != RESTART)
        .collect()
}

fn read_from(reference: &str) -> impl Fn(&mut Value) {
    let reference = reference.to_owned();
    move |container| container["secrets"][1]["valueFrom"] = json!(reference)
}

/// An installation of the older kind, with the reference in its environment.
fn older(reference: &str) -> impl Fn(&mut Value) {
    let reference = reference.to_owned();
    move |container| {
        container["secrets"] = json!([]);
        let environment = container["environment"].as_array_mut().expect("a list");
        environment.push(json!({ "name": "OAUTH_SECRET_REF", "value": reference }));
    }
}

#[test]
fn a_sound_place_gives_a_plan_and_only_reads() {
    let (mock, current, target) = World::new().open();
    let plan = AwsEcs::check(&mock, &target, &current).expect("a plan");
    assert_eq!(plan.location, format!("{ARN}#client_secret"));
    assert_eq!(plan.stored, Currency::Current);
    assert_eq!(plan.steps.len(), 2);
    assert_eq!(plan.warnings, [RESTART]);
    let asked: Vec<_> = mock
        .requests()
        .iter()
        .filter_map(|sent| sent.header("x-amz-target").map(str::to_owned))
        .collect();
    assert!(
        asked
            .iter()
            .all(|target| !target.contains("Put") && !target.contains("Update")),
        "{asked:?}"
    );
}

#[test]
fn what_is_stored_is_compared() {
    let missing = || json!({ "__type": "ResourceNotFoundException", "message": "no value" });
    let whole = |container: &mut Value| read_from(ARN)(container);
    for (world, stored) in [
        (World::new(), Currency::Current),
        (
            World::new().holds(&document().replace("live-id", "other")),
            Currency::Stale,
        ),
        (
            World::new().holds(r#"{"client_id":"live-id","client_secret":"old"}"#),
            Currency::Stale,
        ),
        (
            World::new().holds(r#"{"client_id":"live-id"}"#),
            Currency::Absent,
        ),
        (
            World::new().answer("GetSecretValue", 404, missing()),
            Currency::Absent,
        ),
        (
            World::new().holds(SECRET).container(whole),
            Currency::Current,
        ),
        (World::new().holds("old").container(whole), Currency::Stale),
    ] {
        assert_eq!(plan(world).stored, stored);
    }
    let plain = plan(World::new().holds(SECRET).container(whole));
    assert_eq!(plain.location, ARN);
}

#[test]
fn every_way_to_name_the_secret_is_understood() {
    let short = ARN.trim_end_matches("-AbCdEf");
    for reference in [
        format!("{ARN}:client_secret::"),
        format!("{ARN}:client_secret"),
        format!("{ARN}:client_secret:AWSCURRENT:"),
        format!("{short}:client_secret::"),
    ] {
        assert!(
            warnings(World::new().container(read_from(&reference))).is_empty(),
            "{reference}"
        );
    }
    for reference in [ARN, short, "matillion-oauth-credentials"] {
        assert!(
            warnings(World::new().container(older(reference))).is_empty(),
            "{reference}"
        );
    }
    assert!(warnings(World::new().setting("secret_id", ARN)).is_empty());
    let other_keys = document()
        .replace("client_secret", "oauth")
        .replace("client_id", "oauth_id");
    let world = World::new()
        .holds(&other_keys)
        .setting("client_secret_key", "oauth")
        .setting("client_id_key", "oauth_id");
    let world = world.container(|container| {
        container["secrets"][0]["valueFrom"] = json!(format!("{ARN}:oauth_id::"));
        container["secrets"][1]["valueFrom"] = json!(format!("{ARN}:oauth::"));
    });
    assert!(warnings(world).is_empty());
}

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
            Rejected,
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
fn what_cant_be_confirmed_is_a_warning() {
    let moving = |service: &mut Value| {
        service["deployments"][0] = deployment("ecs-svc/1", "PRIMARY", "IN_PROGRESS", 1)
    };
    let two = |service: &mut Value| {
        let deployments = service["deployments"].as_array_mut().expect("a list");
        deployments.push(deployment("ecs-svc/0", "ACTIVE", "COMPLETED", 1));
    };
    let rotated = json!({ "ARN": ARN, "Name": "n", "RotationEnabled": true });
    let cases: Vec<(World, &str)> = vec![
        (
            World::new().container(|container| {
                container["image"] = json!("registry.example.com/runner:current")
            }),
            "may also upgrade",
        ),
        (
            World::new().container(|container| container["environment"] = json!([])),
            "does not show AGENT_ID",
        ),
        (
            World::new().container(|container| {
                container["secrets"] = json!([]);
                container["environmentFiles"] = json!([{ "type": "s3" }]);
            }),
            "takes its environment from files",
        ),
        (
            World::new().container(read_from(ARN)),
            "which is JSON; its key client_secret",
        ),
        (
            World::new().container(|container| {
                container["secrets"][0]["valueFrom"] = json!(format!("{ARN}:id::"))
            }),
            "a client id that changes would not reach it",
        ),
        (
            World::new().service(moving),
            "a deployment of runner is under way",
        ),
        (
            World::new().service(two),
            "a deployment of runner is under way",
        ),
        (
            World::new().service(|service| service["desiredCount"] = json!(0)),
            "wants 0 tasks",
        ),
        (
            World::new().answer("DescribeSecret", 200, rotated),
            "automatic rotation",
        ),
        (
            World::new().error("DescribeSecret", "AccessDeniedException"),
            "lacks secretsmanager:DescribeSecret",
        ),
    ];
    for (world, said) in cases {
        let warnings = warnings(world);
        assert_eq!(warnings.len(), 1, "{said}: {warnings:?}");
        assert!(
            warnings[0].contains(said),
            "{} does not say {said}",
            warnings[0]
        );
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

#[test]
fn a_read_without_an_answer_can_be_tried_again() {
    let mut world = World::new().answer("GetSecretValue", 200, value("x"));
    world.lost = Some(("GetSecretValue", Obstacle::TimedOut, true));
    let (mock, current, target) = world.open();
    let failure = AwsEcs::check(&mock, &target, &current).expect_err("lost");
    assert_eq!(failure.kind, Unavailable);
    assert!(
        failure.message.starts_with("GetSecretValue in eu-west-1"),
        "{failure}"
    );
}
