use keyferry_sdk::FailureKind::{Missing, Rejected, Unavailable};
use keyferry_sdk::RolloutState::{Complete, Failed, Pending, Progressing};
use keyferry_sdk::{Obstacle, Receipt, Rollout, Sink, Workload};
use serde_json::{Value, json};

use super::{RESUME, SUSPEND, World, service, statements, table};
use crate::Snowflake;

const OLD: &str = "1700000000.1 0";

fn restart(world: World) -> (Result<Workload, keyferry_sdk::Failure>, Vec<String>) {
    let (mock, _, target) = world.open();
    let workload = Snowflake::restart(&mock, &target, &Receipt::new("there", "v"));
    (workload, statements(&mock))
}

fn observe(world: World, marker: &str) -> (Rollout, Vec<String>) {
    let (mock, _, target) = world.open();
    let workload = Workload::new("APP.CORE.RUNNER", marker);
    let rollout = Snowflake::observe(&mock, &target, &workload).expect("a rollout");
    (rollout, statements(&mock))
}

#[test]
fn a_restart_suspends_and_remembers_when_it_was_resumed() {
    let (workload, sent) = restart(World::new());
    let workload = workload.expect("suspended");
    assert_eq!(
        (workload.name.as_str(), workload.marker.as_str()),
        ("APP.CORE.RUNNER", OLD)
    );
    assert_eq!(sent, ["DESCRIBE SERVICE APP.CORE.RUNNER", SUSPEND]);
    for (value, marker) in [(json!(null), "never"), (json!(false), "unknown")] {
        let (workload, _) = restart(World::new().service(&[("resumed_on", value)]));
        assert_eq!(workload.expect("suspended").marker, marker);
    }
}

#[test]
fn a_suspension_that_has_begun_is_not_begun_again() {
    for status in ["SUSPENDING", "SUSPENDED"] {
        let (workload, sent) = restart(World::new().service(&[("status", json!(status))]));
        assert_eq!(workload.expect("it is").marker, OLD);
        assert_eq!(sent.len(), 1);
    }
    // It began between the look and the statement.
    let (workload, _) = restart(
        World::new()
            .then(
                "DESCRIBE SERVICE",
                200,
                service(&[("status", json!("SUSPENDING"))]),
            )
            .error(SUSPEND, "395001", "22000"),
    );
    assert_eq!(workload.expect("it is").marker, OLD);
}

#[test]
fn a_restart_that_fails_says_how() {
    for (world, kind, said) in [
        (
            World::new().error(SUSPEND, "395001", "22000"),
            Rejected,
            "ALTER SERVICE SUSPEND",
        ),
        (
            World::new().error(SUSPEND, "003001", "42501"),
            keyferry_sdk::FailureKind::Denied,
            "003001",
        ),
        (
            World::new().answer(SUSPEND, 503, json!(null)),
            Unavailable,
            "503",
        ),
        // Suspending twice is suspending once.
        (
            World::new().lost(SUSPEND, Obstacle::TimedOut, true),
            Unavailable,
            "no answer",
        ),
        (
            World::new().error("DESCRIBE SERVICE", "002003", "02000"),
            Missing,
            "DESCRIBE SERVICE",
        ),
    ] {
        let failure = restart(world).0.expect_err(said);
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains(said), "{failure}");
    }
}

#[test]
fn a_suspended_service_is_resumed() {
    let suspended = || World::new().service(&[("status", json!("SUSPENDED"))]);
    let (rollout, sent) = observe(suspended(), OLD);
    assert_eq!(rollout.state, Progressing);
    assert_eq!(sent, ["DESCRIBE SERVICE APP.CORE.RUNNER", RESUME]);
    // It was resumed between the look and the statement.
    let (rollout, _) = observe(
        suspended()
            .then(
                "DESCRIBE SERVICE",
                200,
                service(&[("status", json!("PENDING"))]),
            )
            .error(RESUME, "395001", "22000"),
        OLD,
    );
    assert_eq!(rollout.state, Progressing);
    let (mock, _, target) = suspended().error(RESUME, "395001", "22000").open();
    let failure =
        Snowflake::observe(&mock, &target, &Workload::new("x", OLD)).expect_err("refused");
    assert_eq!(failure.kind, Rejected);
}

#[test]
fn new_containers_are_told_from_old_ones() {
    let is = |column: &'static str, value: Value| Some((column, value));
    let status = |status: &str| is("status", json!(status));
    let resumed = |value: Value| is("resumed_on", value);
    let cases = [
        (status("SUSPENDING"), OLD, Pending, 0),
        (None, OLD, Pending, 0),
        (status("FAILED"), OLD, Pending, 0),
        (resumed(json!(null)), "never", Pending, 0),
        (None, "never", Complete, 2),
        (resumed(json!(false)), "unknown", Complete, 2),
        (resumed(json!("1700000099.9 0")), OLD, Complete, 2),
        (status("running"), "other", Complete, 2),
        (is("current_instances", json!("1")), "other", Progressing, 1),
        (status("RESTARTING"), "other", Progressing, 2),
        (status("DELETING"), "other", Failed, 0),
        (status("DELETED"), OLD, Failed, 0),
    ];
    for (change, marker, state, ready) in cases {
        let changes: Vec<(&str, Value)> = change.into_iter().collect();
        let (rollout, _) = observe(World::new().service(&changes), marker);
        let told = (rollout.state, rollout.ready);
        assert_eq!(told, (state, ready), "{changes:?} {}", rollout.detail);
        assert_eq!(rollout.wanted, 2);
    }
}

#[test]
fn a_service_that_does_not_start_says_why() {
    let listed = || {
        table(
            &["container_name", "status", "message"],
            &[
                vec![json!("proxy"), json!("READY"), json!("Running")],
                vec![
                    json!("main"),
                    json!("FAILED"),
                    json!("Failed to pull image"),
                ],
                vec![json!(null), json!("PENDING"), json!(null)],
            ],
        )
    };
    for (status, state) in [
        ("FAILED", Failed),
        ("INTERNAL_ERROR", Failed),
        ("DONE", Failed),
        ("PENDING", Progressing),
    ] {
        let ended = |world: World| world.service(&[("status", json!(status))]);
        let world = ended(World::new()).answer("SHOW SERVICE CONTAINERS", 200, listed());
        let (rollout, _) = observe(world, "before");
        assert_eq!(rollout.state, state);
        let expected = format!("APP.CORE.RUNNER is {status} (main: Failed to pull image)");
        assert_eq!(rollout.detail, expected);
        let mute = ended(World::new()).error("SHOW SERVICE CONTAINERS", "003001", "42501");
        assert_eq!(observe(mute, "before").0.state, state);
        // Snowflake lists no containers by a quoted name, so it is not asked.
        let quoted = ended(World::new()).setting("service", "APP.CORE.\"Runner\"");
        let (rollout, sent) = observe(quoted, "before");
        assert_eq!((rollout.state, sent.len()), (state, 1));
    }
}
