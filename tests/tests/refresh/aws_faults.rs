//! The store on bad days: before the request to the issuer a fault costs nothing, after it the
//! secret is in the journal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use keyferry_tests::aws::{Fault, Operation, Stored};
use keyferry_tests::issuer::{Endpoint, Pair};
use keyferry_tests::world::World;
use serde_json::{Value, json};

fn unrehearsed() -> World {
    World::approved(&[("rehearse", json!(false))])
}

#[test]
fn a_store_that_is_busy_is_asked_again() {
    let world = unrehearsed();
    world
        .aws
        .fail_times(Operation::PutSecretValue, Fault::Throttled, 2);
    world.aws.fail(Operation::UpdateService, Fault::Throttled);
    world
        .aws
        .fail(Operation::DescribeServices, Fault::Throttled);
    world.refresh().expect(0);
    world.assert_whole(1);
    assert_eq!(world.aws.count(Operation::PutSecretValue), 3);
}

#[test]
fn the_rehearsal_finds_out_that_writing_is_not_allowed() {
    let world = World::approved(&[]);
    world.aws.deny(Operation::PutSecretValue);
    world
        .refresh()
        .expect(3)
        .says(&["PutSecretValue", "not authorized"]);
    world.assert_not_refreshed();
    assert_eq!(world.issuer.count(Endpoint::RefreshCredential), 0);
}

#[test]
fn without_a_rehearsal_the_secret_waits_in_the_journal_for_the_right_to_write() {
    let world = unrehearsed();
    world.aws.deny(Operation::PutSecretValue);
    let ended = world.refresh().expect(4).says(&["not authorized"]);
    assert_eq!(ended.json["next"], json!("keyferry resume etl-prod"));
    assert_eq!(world.last_attempt()["outcome"], "open at write");
    assert_eq!(world.issuer.refreshes(&world.id), 1);
    world.resume().expect(4);

    world.aws.clear_faults();
    let ended = world.resume().expect(0);
    assert_eq!(ended.json["kind"], "refresh");
    world.assert_whole(1);
    assert_eq!(world.last_attempt()["outcome"], "done");
    assert_eq!(world.json(&["resume"]).expect(0).json["outcome"], "nothing");
}

#[test]
fn a_write_whose_answer_was_lost_is_looked_at_before_it_is_repeated() {
    for fault in [Fault::AnswerLost, Fault::AnswerCut, Fault::Garbage] {
        let world = unrehearsed();
        world.aws.fail(Operation::PutSecretValue, fault);
        world.refresh().expect(0);
        world.assert_whole(1);
        assert_eq!(world.aws.count(Operation::PutSecretValue), 1);
    }
}

#[test]
fn a_write_that_never_arrived_is_repeated() {
    let world = unrehearsed();
    world
        .aws
        .fail(Operation::PutSecretValue, Fault::RequestLost);
    world.refresh().expect(0);
    world.assert_whole(1);
    assert_eq!(world.aws.count(Operation::PutSecretValue), 2);
}

#[test]
fn an_error_after_the_deed_makes_no_second_version() {
    let world = unrehearsed();
    world.aws.fail(Operation::PutSecretValue, Fault::ErrorAfter);
    world.refresh().expect(0);
    world.assert_whole(1);
    assert_eq!(world.aws.versions(&world.etl.secret_id).len(), 2);
}

#[test]
fn what_a_second_writer_stored_after_the_write_is_kept() {
    let world = unrehearsed();
    let slow = Fault::Slow(Duration::from_millis(800));
    world.aws.fail(Operation::PutSecretValue, slow);
    let theirs = world.stored().replace("5432", "6543");
    let running = world.start_refresh();
    world.eventually("it writes", |world| {
        world.aws.versions(&world.etl.secret_id).len() == 2
    });
    world.aws.put_secret(&world.etl.secret_id, &theirs);
    let ended = running.wait().expect("it ends");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    world.assert_whole_since(&theirs, world.first(), 1);
}

#[test]
fn a_second_writer_that_never_stops_is_reported() {
    let world = unrehearsed();
    let theirs = world.stored();
    // Time for the other to answer each write with one of its own.
    let slow = Fault::Slow(Duration::from_millis(150));
    world.aws.fail_times(Operation::PutSecretValue, slow, 100);
    let over = AtomicBool::new(false);
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            let end = Instant::now() + Duration::from_secs(60);
            while !over.load(Ordering::Relaxed) && Instant::now() < end {
                if world.stored() != theirs {
                    world.aws.put_secret(&world.etl.secret_id, &theirs);
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let ended = world.refresh();
        over.store(true, Ordering::Relaxed);
        ended
    });
    ended.expect(4).says(&["see who else writes it"]);
    assert_eq!(world.issuer.refreshes(&world.id), 1);

    world.aws.clear_faults();
    world.resume().expect(0);
    world.assert_whole_since(&theirs, world.first(), 1);
}

/// Secrets Manager has no way to write only if nothing was written since, so what came in between
/// is not lost, but only the version before.
#[test]
fn what_was_stored_between_reading_and_writing_is_the_previous_version() {
    let world = unrehearsed();
    let theirs = world.stored().replace("5432", "6543");
    world
        .aws
        .fail(Operation::GetSecretValue, Fault::Slow(Duration::ZERO));
    world.aws.fail(
        Operation::GetSecretValue,
        Fault::SecondWriter(theirs.clone()),
    );
    world.refresh().expect(0);
    world.assert_whole(1);
    let versions = world.aws.versions(&world.etl.secret_id);
    let previous = versions
        .iter()
        .find(|version| version.stages == ["AWSPREVIOUS"]);
    assert!(previous.is_some_and(|version| version.value == Stored::Text(theirs)));
}

#[test]
fn what_can_not_be_read_is_refused_by_the_plan() {
    for operation in [
        Operation::GetSecretValue,
        Operation::DescribeServices,
        Operation::DescribeTaskDefinition,
    ] {
        let world = World::approved(&[]);
        world.aws.deny(operation);
        world
            .refresh()
            .expect(3)
            .says(&[&format!("{operation:?}"), "not authorized"]);
        world.assert_untouched();
    }
}

#[test]
fn a_newer_refresh_by_someone_else_is_taken_over_on_resume() {
    let world = unrehearsed();
    world.aws.deny(Operation::PutSecretValue);
    world.refresh().expect(4);
    let newer: Pair = world.issuer.refresh_behind(&world.id);
    world.aws.clear_faults();
    let ended = world.resume().expect(0);
    assert!(
        ended.stderr.contains("going on with the issuer's"),
        "{}",
        ended.stderr
    );
    world.assert_whole(2);
    let stored: Value = serde_json::from_str(&world.stored()).expect("JSON");
    assert!(stored["client_secret"] == json!(newer.client_secret));
    assert_eq!(world.issuer.count(Endpoint::RefreshCredential), 1);
}
