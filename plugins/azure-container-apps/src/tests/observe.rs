use keyferry_sdk::RolloutState::{Complete, Failed, Pending, Progressing, Unseen};
use keyferry_sdk::{Failure, FailureKind, Rollout, Sink, Workload};
use serde_json::{Value, json};

use super::{World, replica, revision};
use crate::AzureContainerApps;

const SINCE: &str = r#"{"since":{"newest":"2026-05-01T10:02:00Z","known":["old-b"]}}"#;
const NEW: &str = "etl-app--kf-0b9d6e2a50a6";

fn observe(world: World, marker: &str) -> Result<Rollout, Failure> {
    let workload = Workload::new("etl-app--1", marker);
    world.run(|mock, target, _| AzureContainerApps::observe(mock, target, &workload))
}

fn seen(replicas: Value) -> Rollout {
    observe(World::new().replicas(replicas), SINCE).expect("seen")
}

fn old() -> [Value; 2] {
    [
        replica("old-a", 1, "Running"),
        replica("old-b", 2, "Running"),
    ]
}

#[test]
fn new_replicas_are_told_from_old_ones_by_their_age() {
    let [a, b] = old();
    let run = |name: &str| replica(name, 3, "Running");
    let start = |name: &str| replica(name, 3, "NotRunning");
    let same_moment = |name: &str| replica(name, 2, "Running");
    let mut timeless = run("new-b");
    timeless["properties"]["createdTime"] = Value::Null;
    let mut offset = run("new-b");
    offset["properties"]["createdTime"] = json!("2026-05-01T12:02:00.0000001+02:00");
    let mut unready = run("new-b");
    unready["properties"]["containers"][0]["ready"] = json!(false);
    for (replicas, state, ready) in [
        (json!([]), Pending, 0),
        (json!([a, b]), Pending, 0),
        (json!([b, start("new-a")]), Progressing, 0),
        (json!([b, run("new-a"), run("new-b")]), Progressing, 2),
        (json!([run("new-a")]), Progressing, 1),
        (json!([run("new-a"), start("new-b")]), Progressing, 1),
        (json!([run("new-a"), unready]), Progressing, 1),
        (json!([run("new-a"), run("new-b")]), Complete, 2),
        (json!([run("new-a"), same_moment("new-b")]), Complete, 2),
        (json!([run("new-a"), same_moment("old-b")]), Progressing, 1),
        (json!([run("new-a"), timeless]), Complete, 2),
        (json!([run("new-a"), offset]), Complete, 2),
    ] {
        let rollout = seen(replicas.clone());
        assert_eq!((rollout.state, rollout.ready), (state, ready), "{replicas}");
        assert_eq!(rollout.wanted, 2);
    }
    let detail = seen(json!([b, run("new-a"), run("new-b")])).detail;
    assert_eq!(detail, "2 of 2 new replicas run, 1 old ones are left");
    let more = seen(json!([run("x"), run("y"), start("z")]));
    assert_eq!(
        (more.state, more.ready, more.wanted),
        (Progressing, 2, 3),
        "more than the fewest are waited for as well"
    );
}

#[test]
fn a_container_that_keeps_failing_ends_the_rollout() {
    let mut looping = replica("new-a", 3, "NotRunning");
    looping["properties"]["containers"][0]["restartCount"] = json!(3);
    assert_eq!(
        seen(json!([looping])).detail,
        "container runner of new-a was started 4 times and does not run"
    );
    looping["properties"]["containers"][0]["runningStateDetails"] = json!("exit code 1");
    let rollout = seen(json!([replica("new-b", 3, "Running"), looping]));
    assert_eq!(rollout.state, Failed);
    assert!(rollout.detail.ends_with("does not run: exit code 1"));
    looping["properties"]["createdTime"] = json!("2026-05-01T10:01:00Z");
    assert_eq!(
        seen(json!([looping])).state,
        Pending,
        "an old one may fail: its secret is revoked"
    );
    let mut recovered = replica("new-a", 3, "Running");
    recovered["properties"]["containers"][0]["restartCount"] = json!(5);
    assert_eq!(
        seen(json!([recovered, replica("new-b", 3, "Running")])).state,
        Complete
    );
}

#[test]
fn an_app_that_may_scale_to_nothing_still_has_to_show_a_replica() {
    let mut idle = revision("etl-app--1", true);
    idle["properties"]["template"]["scale"] = Value::Null;
    let world = || World::new().revisions(json!([idle]));
    let marker = r#"{"since":{"newest":null,"known":[]}}"#;
    let nothing = observe(world().replicas(json!([])), marker).expect("seen");
    assert_eq!((nothing.state, nothing.wanted), (Pending, 1));
    let one = observe(
        world().replicas(json!([replica("a", 0, "Running")])),
        marker,
    );
    assert_eq!(one.expect("seen").state, Complete);
}

#[test]
fn what_cant_be_seen_is_said_and_what_is_refused_fails() {
    let unseen = observe(World::new(), r#""unseen""#).expect("unseen");
    assert_eq!(unseen.state, Unseen);
    let denied = |path: &str| World::new().error("GET", path, 403, "AuthorizationFailed");
    for path in ["/revisions", "/revisions/etl-app--1/replicas"] {
        let failure = observe(denied(path), SINCE).expect_err("denied");
        assert_eq!(failure.kind, FailureKind::Denied);
    }
    let failure = observe(World::new(), "ecs-svc/1").expect_err("no marker");
    assert_eq!(failure.kind, FailureKind::Rejected);
    let gone = World::new().error(
        "GET",
        "/revisions/etl-app--1/replicas",
        404,
        "ResourceNotFound",
    );
    assert_eq!(
        observe(gone, SINCE).expect("none of it is left").state,
        Pending
    );
}

fn anew(revisions: Value) -> World {
    let replicas =
        json!({ "value": [replica("new-a", 3, "Running"), replica("new-b", 3, "Running")] });
    World::new()
        .revisions(revisions)
        .on("GET", &format!("/revisions/{NEW}/replicas"), replicas)
}

#[test]
fn a_new_revision_is_followed_until_it_alone_runs() {
    let ours = || revision(NEW, true);
    let failed = |error: &str| {
        let mut failed = ours();
        failed["properties"]["provisioningState"] = json!("Failed");
        failed["properties"]["provisioningError"] = json!(error);
        json!([failed])
    };
    let replaced = json!([revision(NEW, false), revision("etl-app--9", true)]);
    let cases = [
        (
            json!([revision("etl-app--1", true)]),
            Pending,
            "the revision etl-app--kf-0b9d6e2a50a6 is not there yet",
        ),
        (
            json!([ours(), revision("etl-app--1", true)]),
            Progressing,
            "2 of 2 new replicas run, 2 old ones are left",
        ),
        (
            json!([ours(), revision("etl-app--1", false)]),
            Complete,
            "2 of 2 new replicas run, 0 old ones are left",
        ),
        (
            failed("no such image"),
            Failed,
            "etl-app--kf-0b9d6e2a50a6 could not be provisioned: no such image",
        ),
        (
            failed(""),
            Failed,
            "etl-app--kf-0b9d6e2a50a6 could not be provisioned",
        ),
        (
            replaced,
            Failed,
            "the revision etl-app--kf-0b9d6e2a50a6 is no longer active; etl-app--9 is",
        ),
    ];
    let marker = json!({ "revision": NEW }).to_string();
    for (revisions, state, detail) in cases {
        let rollout = observe(anew(revisions), &marker).expect("seen");
        assert_eq!((rollout.state, rollout.detail.as_str()), (state, detail));
    }
    let path = format!("/revisions/{NEW}/replicas");
    let denied = anew(json!([ours()])).error("GET", &path, 403, "AuthorizationFailed");
    assert_eq!(observe(denied, &marker).expect("unseen").state, Unseen);
}
