//! The restart, and the proof that the runner is back.

use std::time::Duration;

use keyferry_tests::aws::{Fault, Operation, Outcome};
use keyferry_tests::world::World;
use serde_json::{Value, json};

const QUICK: Duration = Duration::from_millis(60);

fn impatient(key: &'static str) -> [(&'static str, Value); 2] {
    [(key, json!("1s")), ("rehearse", json!(false))]
}

#[test]
fn a_rollout_that_was_rolled_back_is_begun_anew_by_resume() {
    let world = World::approved(&[]);
    let reason = "CannotPullContainerError: pull image manifest has been retried";
    world
        .aws
        .set_rollout(QUICK, Outcome::RolledBack(reason.to_owned()));
    let ended = world.refresh().expect(5).says(&[reason]);
    assert_eq!(ended.json["phase"], "restart");
    assert_eq!(world.last_attempt()["outcome"], "open at restart");
    assert_eq!(world.aws.count(Operation::UpdateService), 1);

    world.aws.set_rollout(QUICK, Outcome::Complete);
    world.resume().expect(0);
    world.assert_whole(1);
    assert_eq!(world.aws.count(Operation::UpdateService), 2);
}

#[test]
fn a_restart_that_is_not_allowed_is_held_until_it_is() {
    let world = World::approved(&[]);
    world.aws.deny(Operation::UpdateService);
    world
        .refresh()
        .expect(5)
        .says(&["UpdateService", "not authorized"]);
    assert_eq!(world.issuer.refreshes(&world.id), 1);
    world.aws.clear_faults();
    world.resume().expect(0);
    world.assert_whole(1);
}

#[test]
fn a_rollout_that_takes_too_long_is_held_and_watched_again() {
    let world = World::approved(&impatient("rollout_timeout"));
    world
        .aws
        .set_rollout(Duration::from_secs(5), Outcome::Complete);
    world.refresh().expect(5).says(&["not up in time"]);
    world.resume().expect(5);
    world.eventually("the rollout ends", |world| {
        let service = world.aws.service(&world.etl.cluster, &world.etl.service);
        service.deployments[0].rollout_state == "COMPLETED"
    });
    world.resume().expect(0);
    world.assert_whole(1);
    assert_eq!(
        world.aws.count(Operation::UpdateService),
        1,
        "it goes on with the same one"
    );
}

#[test]
fn a_runner_that_never_connects_is_held_and_restarted_by_resume() {
    let world = World::approved(&impatient("connect_timeout"));
    world
        .issuer
        .configure(|issuer| issuer.never_connects = true);
    let ended = world.refresh().expect(5).says(&["did not come back"]);
    assert_eq!(ended.json["phase"], "connected");
    world
        .issuer
        .configure(|issuer| issuer.never_connects = false);
    world.resume().expect(0);
    world.assert_whole(1);
}

#[test]
fn a_runner_that_comes_back_late_needs_only_a_look() {
    let world = World::approved(&impatient("connect_timeout"));
    world
        .issuer
        .configure(|issuer| issuer.connect_delay = Duration::from_secs(6));
    world.refresh().expect(5);
    world.eventually("it is back", |world| {
        world.issuer.runner(&world.id).connected
    });
    world.resume().expect(0);
    world.assert_whole(1);
    assert_eq!(world.aws.count(Operation::UpdateService), 1);
}

#[test]
fn a_restart_whose_answer_was_lost_ends_well() {
    let world = World::approved(&[]);
    world.aws.fail(Operation::UpdateService, Fault::AnswerLost);
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn faults_while_it_is_watched_pass() {
    let world = World::approved(&[]);
    world
        .aws
        .set_rollout(Duration::from_millis(500), Outcome::Complete);
    world
        .aws
        .fail(Operation::DescribeServices, Fault::Slow(Duration::ZERO));
    for fault in [Fault::Throttled, Fault::RequestLost, Fault::Garbage] {
        world.aws.fail(Operation::DescribeServices, fault);
    }
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn new_tasks_with_an_old_secret_are_no_proof() {
    let world = World::approved(&impatient("connect_timeout"));
    let old = world.stored();
    world
        .aws
        .set_rollout(Duration::from_millis(800), Outcome::Complete);
    let running = world.start_refresh();
    world.eventually("a restart", |world| {
        world.aws.count(Operation::UpdateService) == 1
    });
    // After `verify`, and before the first container starts.
    world.aws.put_secret(&world.etl.secret_id, &old);
    let ended = running.wait().expect("it ends");
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    world.resume().expect(0);
    world.assert_whole(1);
}
