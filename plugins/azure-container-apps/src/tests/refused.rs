use keyferry_sdk::FailureKind::{Denied, Missing, Rejected, Unavailable};
use keyferry_sdk::{Failure, Sink};
use serde_json::{Value, json};

use super::check::reading;
use super::{World, revision, secrets};
use crate::AzureContainerApps;

fn refused(world: World) -> Failure {
    world
        .run(|mock, target, current| AzureContainerApps::check(mock, target, current))
        .expect_err("a failure")
}

#[test]
fn what_makes_a_refresh_unsafe_is_refused_with_its_reason() {
    let other_runner = "11111111-2222-3333-4444-555555555555";
    let second_reader = |app: &mut Value| {
        let mut other = super::container();
        other["env"][2]["secretRef"] = json!("db");
        app["properties"]["template"]["containers"][1] = other;
    };
    let cases: Vec<(World, &str)> = vec![
        (
            World::new().app(|app| app["properties"]["runningStatus"] = json!("Stopped")),
            "etl-app is stopped",
        ),
        (
            World::new().app(|app| app["properties"]["provisioningState"] = json!("Deleting")),
            "is being deleted",
        ),
        (
            World::new().container(|c| c["name"] = json!("etl-script-runner")),
            "is the script runner",
        ),
        (
            World::new().container(|c| c["env"] = json!([])),
            "no container of etl-app reads OAUTH_CLIENT_SECRET",
        ),
        (
            World::new().container(|c| {
                c["env"][2] = json!({ "name": "OAUTH_CLIENT_SECRET", "value": "in the open" });
            }),
            "stands in the template itself",
        ),
        (
            World::new().setting("secret", "db"),
            "read from matillion-client-secret, not from db",
        ),
        (
            World::new().app(second_reader),
            "read from db and matillion-client-secret, not from one secret alone",
        ),
        (
            World::new().container(|c| c["env"][0]["value"] = json!(other_runner)),
            "is the runner 11111111-2222-3333-4444-555555555555",
        ),
        (
            World::new().container(|c| {
                c["env"][1] = json!({ "name": "OAUTH_CLIENT_ID", "value": "another-id" });
            }),
            "OAUTH_CLIENT_ID of container runner is another-id in the template",
        ),
        (
            World::new().container(|c| c["env"][2]["secretRef"] = json!("from-vault")),
            "only refers to https://v.vault.azure.net/secrets/x",
        ),
        (
            World::new().revisions(json!([revision("etl-app--1", false)])),
            "no revision of etl-app is active",
        ),
        (
            World::new().revisions(json!([reading("etl-app--1", "db")])),
            "the active revision etl-app--1 reads the secret db",
        ),
        (
            World::new()
                .app(|app| {
                    app["properties"]["configuration"]["activeRevisionsMode"] = json!("Multiple");
                })
                .setting("restart", "new-revision"),
            "set restart to \"revision\"",
        ),
    ];
    for (world, said) in cases {
        let failure = refused(world);
        assert_eq!(failure.kind, Rejected, "{failure}");
        assert!(failure.message.contains(said), "{failure} lacks {said}");
    }
}

#[test]
fn a_secret_that_the_app_does_not_have_is_missing() {
    let failure = refused(World::new().secrets(json!([secrets()["value"][0]])));
    assert_eq!(failure.kind, Missing);
    assert_eq!(
        failure.message,
        "etl-app has no secret matillion-client-secret"
    );
    let none = World::new().on("POST", "/listSecrets", json!({ "value": null }));
    assert_eq!(refused(none).kind, Missing);
}

#[test]
fn an_operation_under_way_is_waited_for() {
    let busy = |app: &mut Value| app["properties"]["provisioningState"] = json!("InProgress");
    let failure = refused(World::new().app(busy));
    assert_eq!(failure.kind, Unavailable);
    assert_eq!(failure.retry_after_ms, Some(10_000));
    assert!(failure.message.contains("(InProgress)"), "{failure}");
}

#[test]
fn each_thing_that_can_be_denied_or_missing_says_which() {
    for (method, path, what) in [
        ("GET", "", "reading the container app etl-app"),
        ("POST", "/listSecrets", "listing the secrets of etl-app"),
        ("GET", "/revisions", "listing the revisions of etl-app"),
    ] {
        for (status, code, kind) in [
            (403, "AuthorizationFailed", Denied),
            (404, "ResourceNotFound", Missing),
            (429, "TooManyRequests", Unavailable),
            (503, "", Unavailable),
        ] {
            let failure = refused(World::new().error(method, path, status, code));
            assert_eq!(failure.kind, kind, "{failure}");
            assert!(failure.message.starts_with(what), "{failure}");
        }
        let lost = refused(World::new().lost(method, path, true));
        assert_eq!(lost.kind, Unavailable, "a read can be asked again");
        assert!(lost.message.starts_with(what), "{lost}");
    }
    let failure = refused(World::new().error(
        "GET",
        "/revisions/etl-app--1/replicas",
        500,
        "InternalServerError",
    ));
    assert_eq!(failure.kind, Unavailable);
}

#[test]
fn an_answer_of_another_shape_is_refused() {
    for world in [
        World::new().on("GET", "", json!([])),
        World::new().on("POST", "/listSecrets", json!({ "value": "none" })),
        World::new().revisions(json!(["etl-app--1"])),
        World::new().replicas(json!([5])),
    ] {
        assert_eq!(refused(world).kind, Rejected);
    }
}
