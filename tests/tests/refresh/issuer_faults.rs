//! The one request that can't be taken back, on bad days: it is never sent twice, and what came of
//! it is found out.

use std::time::Duration;

use keyferry_tests::issuer::{Endpoint, Fault, Pause};
use keyferry_tests::world::World;
use serde_json::json;

/// The deed is done whatever came back; it is read back, and never asked for again.
fn read_back(fault: Fault) {
    let world = World::approved(&[]);
    world.issuer.fail(Endpoint::RefreshCredential, fault);
    let ended = world.refresh().expect(0);
    world.assert_whole(1);
    assert_eq!(
        world.issuer.count(Endpoint::RefreshCredential),
        1,
        "{fault:?}"
    );
    assert!(ended.stderr.contains("it did happen"), "{}", ended.stderr);
    let steps = world.last_attempt()["steps"].to_string();
    assert!(steps.contains("unanswered"), "{steps}");
}

/// It was not done: refused, with one request only.
fn not_refreshed(fault: Fault, drain: &str) -> World {
    let world = World::approved(&[("drain", json!(drain)), ("rehearse", json!(false))]);
    world.issuer.fail(Endpoint::RefreshCredential, fault);
    world.refresh().expect(3);
    world.assert_not_refreshed();
    assert_eq!(
        world.issuer.count(Endpoint::RefreshCredential),
        1,
        "{fault:?}"
    );
    assert_eq!(world.last_attempt()["outcome"], "refused");
    assert!(world.issuer.runner(&world.id).pause == Pause::None);
    world
}

#[test]
fn an_answer_that_was_lost_is_read_back() {
    read_back(Fault::AnswerLost);
}

#[test]
fn an_answer_that_was_cut_off_is_read_back() {
    read_back(Fault::AnswerCut);
}

#[test]
fn a_500_after_the_deed_is_read_back() {
    read_back(Fault::ErrorAfter(500));
}

#[test]
fn an_answer_that_is_no_json_is_read_back() {
    read_back(Fault::Garbage);
}

#[test]
fn an_answer_without_a_secret_is_read_back() {
    read_back(Fault::EmptySecret);
}

#[test]
fn a_500_before_the_deed_is_no_refresh_and_the_runner_is_resumed() {
    let world = not_refreshed(Fault::ErrorBefore(500), "pause");
    assert_eq!(world.issuer.count(Endpoint::Command), 2, "PAUSE and RESUME");
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn a_request_that_never_arrived_is_no_refresh() {
    not_refreshed(Fault::RequestLost, "require-idle");
}

#[test]
fn too_many_requests_are_no_refresh_and_are_not_repeated() {
    let world = not_refreshed(Fault::TooManyRequests(1), "require-idle");
    assert!(
        world.last_attempt()["problem"]
            .to_string()
            .contains("too many requests")
    );
}

#[test]
fn a_token_refused_at_the_last_moment_is_no_refresh() {
    not_refreshed(Fault::Unauthorized, "require-idle");
}

#[test]
fn an_issuer_that_can_not_be_asked_leaves_it_open_and_resume_finds_out() {
    let world = World::approved(&[]);
    world
        .issuer
        .fail(Endpoint::RefreshCredential, Fault::AnswerLost);
    // Read by the plan and right before the request; from then on nothing is answered.
    world
        .issuer
        .fail_times(Endpoint::GetCredential, Fault::Slow(Duration::ZERO), 2);
    world
        .issuer
        .fail_times(Endpoint::GetCredential, Fault::ErrorBefore(503), 1000);
    let ended = world.refresh().expect(10);
    assert_eq!(ended.json["next"], json!("keyferry resume etl-prod"));
    assert_eq!(ended.json["phase"], "refresh");
    assert_eq!(world.last_attempt()["outcome"], "open at refresh");
    assert_eq!(world.issuer.refreshes(&world.id), 1);
    world.resume().expect(10);

    world.issuer.clear_faults();
    world.resume().expect(0);
    world.assert_whole(1);
    assert_eq!(world.issuer.count(Endpoint::RefreshCredential), 1);
}

#[test]
fn a_refresh_by_someone_else_between_plan_and_request_is_seen() {
    let world = World::approved(&[("drain", json!("pause"))]);
    world
        .issuer
        .configure(|issuer| issuer.pause_delay = Duration::from_millis(500));
    let running = world.start_refresh();
    world.eventually("it is pausing", |world| {
        world.issuer.count(Endpoint::Command) == 1
    });
    world.issuer.refresh_behind(&world.id);
    let ended = running.wait().expect("it ends");
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert_eq!(world.issuer.count(Endpoint::RefreshCredential), 0);
    assert!(
        ended.stdout.contains("someone else refreshed"),
        "{}",
        ended.stdout
    );
    assert!(world.issuer.runner(&world.id).pause == Pause::None);
}
