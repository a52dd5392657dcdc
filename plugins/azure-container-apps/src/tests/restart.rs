use keyferry_sdk::FailureKind::{Denied, Rejected, Unavailable, Uncertain};
use keyferry_sdk::mock::Reply;
use keyferry_sdk::{Failure, Receipt, Sink, Workload};
use serde_json::{Value, json};

use super::{World, app, replica, revision};
use crate::AzureContainerApps;

pub(super) const RESTART: &str = "/revisions/etl-app--1/restart";

pub(super) fn restart(world: World) -> Result<Workload, Failure> {
    let stored = Receipt::new("location", "version");
    world.run(|mock, target, _| AzureContainerApps::restart(mock, target, &stored))
}

fn sent(world: World, method: &str) -> Vec<(String, Value)> {
    let (mock, _, target) = world.open();
    AzureContainerApps::restart(&mock, &target, &Receipt::new("", "")).expect("restarted");
    let sent = mock.requests().into_iter();
    sent.filter(|sent| sent.method == method)
        .map(|sent| (sent.url.clone(), sent.json()))
        .collect()
}

#[test]
fn every_active_revision_is_restarted_and_what_ran_is_remembered() {
    let world = || {
        World::new()
            .revisions(json!([
                revision("etl-app--0", false),
                revision("etl-app--1", true),
                revision("etl-app--2", true)
            ]))
            .on(
                "GET",
                "/revisions/etl-app--2/replicas",
                json!({ "value": [replica("b", 2, "Running")] }),
            )
            .on("POST", "/revisions/etl-app--2/restart", Value::Null)
    };
    let posted = sent(world(), "POST");
    let urls: Vec<_> = posted.iter().map(|(url, _)| url.as_str()).collect();
    let first = super::url(RESTART);
    let second = super::url("/revisions/etl-app--2/restart");
    assert_eq!(urls, [first, second]);
    let workload = restart(world()).expect("restarted");
    assert_eq!(workload.name, "etl-app--1, etl-app--2");
    let marker: Value = serde_json::from_str(&workload.marker).expect("JSON");
    assert_eq!(
        marker,
        json!({ "since": { "newest": "2026-05-01T10:02:00Z", "known": ["b", "old-b"] } })
    );
}

#[test]
fn a_runner_without_replicas_and_one_that_cant_be_seen_are_restarted_too() {
    let none = restart(World::new().replicas(json!([]))).expect("restarted");
    assert_eq!(none.marker, r#"{"since":{"newest":null,"known":[]}}"#);
    let denied = World::new().error(
        "GET",
        "/revisions/etl-app--1/replicas",
        403,
        "AuthorizationFailed",
    );
    assert_eq!(restart(denied).expect("restarted").marker, r#""unseen""#);
}

#[test]
fn a_restart_that_fails_says_how() {
    for (status, code, kind) in [
        (403, "AuthorizationFailed", Denied),
        (409, "ContainerAppOperationInProgress", Unavailable),
        (400, "RevisionNotActive", Rejected),
    ] {
        let failure = restart(World::new().error("POST", RESTART, status, code)).expect_err(code);
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(
            failure
                .message
                .starts_with("restarting the revision etl-app--1:"),
            "{failure}"
        );
    }
    let lost = restart(World::new().lost("POST", RESTART, true)).expect_err("lost");
    assert_eq!(lost.kind, Uncertain);
    let none = World::new().revisions(json!([]));
    assert_eq!(restart(none).expect_err("nothing").kind, Rejected);
}

const NEW: &str = "etl-app--kf-0b9d6e2a50a6";

fn anew() -> World {
    World::new().setting("restart", "new-revision")
}

#[test]
fn a_new_revision_is_named_after_the_attempt_and_made_once() {
    let patched = sent(anew(), "PATCH");
    let template = json!({ "template": { "revisionSuffix": "kf-0b9d6e2a50a6" } });
    assert_eq!(
        patched[0].1,
        json!({ "location": "West Europe", "properties": template })
    );
    let accepted = anew().reply("PATCH", "", Reply::text(202, ""));
    let workload = restart(accepted).expect("restarted");
    let marker = json!({ "revision": NEW }).to_string();
    assert_eq!(workload, Workload::new(NEW, marker));
    let again = || anew().revisions(json!([revision(NEW, true)]));
    assert_eq!(sent(again(), "PATCH"), []);
    assert_eq!(restart(again()).expect("the same end"), workload);
}

#[test]
fn a_new_revision_that_cant_be_made_says_why() {
    let mut busy = app();
    busy["properties"]["provisioningState"] = json!("InProgress");
    let failure = restart(anew().on("GET", "", busy)).expect_err("busy");
    assert_eq!(failure.kind, Unavailable);
    let refused = anew().error("PATCH", "", 400, "ContainerAppInvalidRevisionSuffix");
    let failure = restart(refused).expect_err("refused");
    assert_eq!(failure.kind, Rejected);
    assert!(failure.message.contains(NEW), "{failure}");
    let lost = restart(anew().lost("PATCH", "", true)).expect_err("lost");
    assert_eq!(lost.kind, Uncertain);
}
