use keyferry_sdk::FailureKind::Unavailable;
use keyferry_sdk::{Currency, Obstacle, Plan, Sink};
use serde_json::{Value, json};

use super::{ARN, SECRET, World, deployment, document, older, read_from, value};
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
            "a tag that can move",
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
