//! `plan`: everything a refresh needs, looked at, and nothing changed unless it may rehearse.

use keyferry_tests::aws::Operation;
use keyferry_tests::issuer::Endpoint;
use keyferry_tests::world::{RUNNER, World};
use serde_json::json;

use crate::has;

#[test]
fn it_says_what_would_be_done() {
    let world = World::approved(&[]);
    let ended = world.json(&["plan", RUNNER]).expect(0);
    let document = &ended.json;
    has(
        document,
        &[
            "runner",
            "runner_id",
            "outcome",
            "exit",
            "message",
            "fingerprint",
            "rehearsed",
            "open_attempt",
            "plan",
        ],
    );
    has(
        &document["plan"],
        &[
            "location",
            "stored",
            "steps",
            "warnings",
            "status",
            "connected",
            "running",
        ],
    );
    assert_eq!(document["outcome"], "ready");
    assert_eq!(document["plan"]["stored"], "current");
    assert_eq!(document["rehearsed"], json!(false));
    assert!(
        ended.stderr.contains("may also upgrade the runner"),
        "{}",
        ended.stderr
    );
    let human = world.run(&["plan", RUNNER]);
    assert_eq!(human.code, Some(0), "{}", human.stderr);
    for part in [
        "Plan for etl-prod",
        "client_secret",
        "1. ",
        "force a new deployment",
        "see the runner connected",
    ] {
        assert!(human.stdout.contains(part), "{part} in {}", human.stdout);
    }
    world.assert_untouched();
    assert_eq!(
        world.json(&["history"]).expect(0).json,
        json!([]),
        "nothing was begun"
    );
}

#[test]
fn with_a_rehearsal_it_writes_what_is_there_and_refreshes_nothing() {
    let world = World::approved(&[("rehearse", json!(false))]);
    let ended = world.json(&["plan", RUNNER, "--rehearse"]).expect(0);
    assert_eq!(ended.json["rehearsed"], json!(true));
    assert_eq!(world.aws.count(Operation::PutSecretValue), 1);
    assert_eq!(world.issuer.count(Endpoint::RefreshCredential), 0);
    world.assert_whole(0);

    world.aws.deny(Operation::PutSecretValue);
    let refused = world.json(&["plan", RUNNER, "--rehearse"]).expect(3);
    refused.says(&["PutSecretValue", "not authorized"]);
    world.json(&["plan", RUNNER]).expect(0);
}

#[test]
fn what_speaks_against_it_is_said_and_the_rest_is_shown() {
    let world = World::approved(&[]);
    let project = world.issuer.add_project("sales");
    world
        .issuer
        .add_environment(&project, "production", &world.id);
    world
        .issuer
        .start_execution(&project, "production", "nightly load");
    let ended = world
        .json(&["plan", RUNNER])
        .expect(3)
        .says(&["nightly load"]);
    assert_eq!(ended.json["outcome"], "refused");
    assert_eq!(ended.json["plan"]["running"], json!(1));
    world.assert_untouched();
}
