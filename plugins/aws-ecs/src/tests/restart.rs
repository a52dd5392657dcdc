use keyferry_sdk::FailureKind::{Denied, Missing, Rejected, Unavailable, Uncertain};
use keyferry_sdk::RolloutState::{Complete, Failed, Pending, Progressing};
use keyferry_sdk::{Obstacle, Receipt, Rollout, Sink, Workload};
use serde_json::{Value, json};

use super::{World, deployment, service};
use crate::AwsEcs;

fn receipt() -> Receipt {
    Receipt::new("location", "v2")
}

#[test]
fn a_new_deployment_is_forced_and_marks_the_new_tasks() {
    let mut updated = service();
    updated["deployments"] = json!([
        deployment("ecs-svc/0", "ACTIVE", "COMPLETED", 2),
        deployment("ecs-svc/2", "PRIMARY", "IN_PROGRESS", 0)
    ]);
    let (mock, _, target) = World::new()
        .answer("UpdateService", 200, json!({ "service": updated }))
        .open();
    let restarted = AwsEcs::restart(&mock, &target, &receipt()).expect("restarted");
    assert_eq!(restarted, Workload::new("etl/runner", "ecs-svc/2"));
    let body = mock.requests()[0].json();
    assert_eq!(
        body,
        json!({ "cluster": "etl", "service": "runner", "forceNewDeployment": true })
    );
}

#[test]
fn a_restart_that_fails_says_how() {
    for (code, kind) in [
        ("AccessDeniedException", Denied),
        ("ServiceNotActiveException", Missing),
        ("ServiceNotFoundException", Missing),
        ("ThrottlingException", Unavailable),
        ("ServerException", Unavailable),
        ("InvalidParameterException", Rejected),
    ] {
        let (mock, _, target) = World::new().error("UpdateService", code).open();
        assert_eq!(
            AwsEcs::restart(&mock, &target, &receipt())
                .expect_err(code)
                .kind,
            kind,
            "{code}"
        );
    }
    let mut world = World::new();
    world.lost = Some(("UpdateService", Obstacle::TimedOut, true));
    let (mock, _, target) = world.open();
    assert_eq!(
        AwsEcs::restart(&mock, &target, &receipt())
            .expect_err("lost")
            .kind,
        Uncertain
    );
    let (mock, _, target) = World::new()
        .answer("UpdateService", 200, json!({ "service": {} }))
        .open();
    assert_eq!(
        AwsEcs::restart(&mock, &target, &receipt())
            .expect_err("no marker")
            .kind,
        Uncertain
    );
}

fn observed(deployments: Value, events: Value) -> Rollout {
    let world = World::new().service(|service| {
        service["deployments"] = deployments.clone();
        service["events"] = events.clone();
    });
    let (mock, _, target) = world.open();
    AwsEcs::observe(&mock, &target, &Workload::new("etl/runner", "ecs-svc/2")).expect("seen")
}

#[test]
fn new_tasks_are_told_from_old_by_the_deployment() {
    let old = || deployment("ecs-svc/1", "ACTIVE", "COMPLETED", 2);
    let ours = |state: &str, running: u32| deployment("ecs-svc/2", "PRIMARY", state, running);
    let with = |mut deployment: Value, name: &str, value: Value| {
        deployment[name] = value;
        deployment
    };
    let without_state = |running: u32| with(ours("", running), "rolloutState", Value::Null);
    for (deployments, state, ready) in [
        (
            json!([
                with(ours("IN_PROGRESS", 0), "pendingCount", json!(0)),
                old()
            ]),
            Pending,
            0,
        ),
        (json!([ours("IN_PROGRESS", 0), old()]), Progressing, 0),
        (json!([ours("IN_PROGRESS", 1), old()]), Progressing, 1),
        (json!([ours("IN_PROGRESS", 2), old()]), Progressing, 2),
        (json!([ours("COMPLETED", 2)]), Complete, 2),
        (json!([without_state(2)]), Complete, 2),
        (json!([without_state(2), old()]), Progressing, 2),
        (json!([without_state(1)]), Progressing, 1),
        (json!([ours("FAILED", 0)]), Failed, 0),
        (
            json!([
                deployment("ecs-svc/2", "ACTIVE", "IN_PROGRESS", 1),
                deployment("ecs-svc/3", "PRIMARY", "IN_PROGRESS", 0)
            ]),
            Failed,
            1,
        ),
        (
            json!([deployment("ecs-svc/1", "PRIMARY", "COMPLETED", 2)]),
            Failed,
            0,
        ),
        (json!([]), Failed, 0),
    ] {
        let rollout = observed(deployments.clone(), json!([]));
        assert_eq!(
            (rollout.state, rollout.ready, rollout.wanted),
            (state, ready, 2),
            "{deployments}"
        );
    }
    let struggling = with(ours("IN_PROGRESS", 0), "failedTasks", json!(3));
    assert!(
        observed(json!([struggling, old()]), json!([]))
            .detail
            .ends_with("3 failed to start")
    );
}

#[test]
fn a_deployment_that_was_rolled_back_is_told_with_the_reason() {
    let reason = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.";
    let mut failed = deployment("ecs-svc/2", "ACTIVE", "FAILED", 0);
    failed["rolloutStateReason"] = json!(reason);
    let back = deployment("ecs-svc/1", "PRIMARY", "IN_PROGRESS", 2);
    let events = json!([
        { "message": "(service runner) has started 1 tasks.", "createdAt": 1_700_000_300 },
        { "message": "(service runner) (deployment ecs-svc/2) deployment failed: tasks failed to start.", "createdAt": 1_700_000_200 },
    ]);
    let rollout = observed(json!([back.clone(), failed.clone()]), events);
    assert_eq!(rollout.state, Failed);
    assert_eq!(
        rollout.detail,
        format!(
            "{reason} ((service runner) (deployment ecs-svc/2) deployment failed: tasks failed to start.)"
        )
    );
    let later = json!([{ "message": "unable to place a task", "createdAt": 1_700_000_300 }]);
    assert_eq!(
        observed(json!([back.clone(), failed.clone()]), later).detail,
        format!("{reason} (unable to place a task)")
    );
    let earlier = json!([{ "message": "has reached a steady state", "createdAt": 1_600_000_000 }]);
    assert_eq!(
        observed(json!([back.clone(), failed]), earlier).detail,
        reason
    );
    let gone = observed(json!([back]), json!([])).detail;
    assert_eq!(
        gone,
        "deployment ecs-svc/2 is gone, ecs-svc/1 is the primary one"
    );
}

#[test]
fn a_service_that_cant_be_seen_is_a_failure_of_the_step() {
    for (code, kind) in [
        ("ThrottlingException", Unavailable),
        ("AccessDeniedException", Denied),
    ] {
        let (mock, _, target) = World::new().error("DescribeServices", code).open();
        let failure = AwsEcs::observe(&mock, &target, &Workload::new("etl/runner", "ecs-svc/2"))
            .expect_err(code);
        assert_eq!(failure.kind, kind);
    }
}
