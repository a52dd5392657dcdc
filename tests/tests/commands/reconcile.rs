//! `reconcile`: stores what the issuer has now, without a refresh.

use keyferry_tests::aws::Operation;
use keyferry_tests::issuer::Endpoint;
use keyferry_tests::world::{RUNNER, World};
use serde_json::json;

#[test]
fn what_drifted_is_written_and_the_runner_restarted() {
    let world = World::approved(&[]);
    world.issuer.refresh_behind(&world.id);
    world.eventually("it is cut off", |world| {
        !world.issuer.runner(&world.id).connected
    });
    let ended = world.json(&["reconcile", RUNNER]).expect(0);
    assert_eq!(ended.json["kind"], "reconcile");
    assert_eq!(ended.json["outcome"], "done");
    // One refresh: the one behind its back.
    world.assert_whole(1);
    assert_eq!(world.issuer.count(Endpoint::RefreshCredential), 0);
    assert_eq!(world.aws.count(Operation::UpdateService), 1);
    assert_eq!(world.last_attempt()["kind"], "reconcile");
    world.json(&["verify", RUNNER]).expect(0);
}

#[test]
fn where_nothing_drifted_nothing_is_done_unless_forced() {
    let world = World::approved(&[]);
    let ended = world.json(&["reconcile", RUNNER]).expect(0);
    assert_eq!(ended.json["outcome"], "nothing");
    world.assert_untouched();
    assert_eq!(world.json(&["history"]).expect(0).json, json!([]));

    let forced = world.json(&["reconcile", RUNNER, "--force"]).expect(0);
    assert_eq!(forced.json["outcome"], "done");
    world.assert_whole(0);
    assert_eq!(world.aws.count(Operation::UpdateService), 1);
}

#[test]
fn one_that_is_held_is_resumed() {
    let world = World::approved(&[]);
    world.issuer.refresh_behind(&world.id);
    world.aws.deny(Operation::PutSecretValue);
    world
        .json(&["reconcile", RUNNER])
        .expect(4)
        .says(&["not authorized"]);
    world.aws.clear_faults();
    world.resume().expect(0);
    world.assert_whole(1);
    assert_eq!(world.issuer.count(Endpoint::RefreshCredential), 0);
}

#[test]
fn a_running_pipeline_is_respected_here_too() {
    let world = World::approved(&[]);
    world.issuer.refresh_behind(&world.id);
    let project = world.issuer.add_project("sales");
    world
        .issuer
        .add_environment(&project, "production", &world.id);
    world
        .issuer
        .start_execution(&project, "production", "nightly load");
    world
        .json(&["reconcile", RUNNER])
        .expect(3)
        .says(&["nightly load"]);
    assert_eq!(world.aws.count(Operation::PutSecretValue), 0);
}
