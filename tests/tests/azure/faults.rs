//! Bad days.

use std::time::Duration;

use keyferry_tests::azure::{Endpoint, Fault, Outcome, Pace, Rollout};
use serde_json::json;

use crate::world::{World, plain};

const QUICK: Duration = Duration::from_millis(60);

fn unrehearsed() -> World {
    World::new(&json!({ "rehearse": false }))
}

#[test]
fn a_busy_azure_is_asked_again() {
    let busy = Fault::Error {
        status: 409,
        code: "ContainerAppOperationInProgress".to_owned(),
    };
    let world = World::new(&plain());
    for fault in [busy, Fault::Throttled, Fault::ErrorBefore] {
        world.azure.fail(Endpoint::PatchApp, fault);
    }
    world
        .azure
        .fail(Endpoint::RestartRevision, Fault::ErrorBefore);
    world.azure.fail(Endpoint::ListReplicas, Fault::Throttled);
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn a_lost_answer_costs_nothing() {
    for fault in [
        Fault::AnswerLost,
        Fault::AnswerCut,
        Fault::ErrorAfter,
        Fault::RequestLost,
    ] {
        let world = unrehearsed();
        world.azure.fail(Endpoint::PatchApp, fault.clone());
        world.azure.fail(Endpoint::RestartRevision, fault);
        world.refresh().expect(0);
        world.assert_whole(1);
    }
}

#[test]
fn a_second_writer_in_between_loses_nothing() {
    let world = unrehearsed();
    let theirs = "theirs \"\\ \u{e9}".to_owned();
    let fault = Fault::SecondWriter {
        name: "db-password".to_owned(),
        value: theirs.clone(),
    };
    // The first time is the plan's, the second one lies within the write.
    world
        .azure
        .fail(Endpoint::ListSecrets, Fault::Slow(Duration::ZERO));
    world.azure.fail(Endpoint::ListSecrets, fault);
    world.refresh().expect(0);
    assert!(
        world.azure.secret("db-password") == Some(theirs),
        "their write stays"
    );
    let live = world.issuer.credential(&world.id).client_secret;
    assert!(world.azure.secret(&world.container.secret) == Some(live));
    assert_eq!(
        world.azure.count(Endpoint::PatchApp),
        1,
        "written once, after a second look"
    );
}

#[test]
fn an_operation_that_takes_long_is_waited_for() {
    let world = World::new(&plain());
    world.azure.set_pace(Pace {
        duration: Duration::from_secs(2),
        retry_after: Some(1),
        ..Pace::default()
    });
    world.refresh().expect(0).says(&["is under way"]);
    world.assert_whole(1);
    // Once as a rehearsal, once in earnest.
    assert_eq!(world.azure.count(Endpoint::PatchApp), 2);
    assert_eq!(
        world.azure.count(Endpoint::Operation),
        0,
        "it asked for patience"
    );
}

#[test]
fn an_operation_that_fails_is_held_with_its_reason() {
    let world = unrehearsed();
    let failing = |by_location| Pace {
        fails: Some("ContainerAppSecretInvalid".to_owned()),
        by_location,
        ..Pace::default()
    };
    world.azure.set_pace(failing(false));
    world
        .refresh()
        .expect(4)
        .says(&["ContainerAppSecretInvalid"]);
    world.azure.set_pace(failing(true));
    world
        .resume()
        .expect(4)
        .says(&["ContainerAppSecretInvalid"]);
    world.azure.set_pace(Pace::default());
    world.resume().expect(0);
    world.assert_whole(1);
}

#[test]
fn a_write_that_is_not_allowed_is_found_by_the_rehearsal() {
    let world = World::new(&plain());
    world.azure.deny(Endpoint::PatchApp);
    world.refresh().expect(3).says(&["AuthorizationFailed"]);
    assert_eq!(world.issuer.refreshes(&world.id), 0);
}

#[test]
fn operations_that_may_not_be_looked_at_are_no_obstacle() {
    let world = World::new(&plain());
    world.azure.deny(Endpoint::Operation);
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn a_token_that_ended_is_asked_for_anew_after_a_while() {
    let world = World::new(&plain());
    world.refresh().expect(0);
    world.azure.expire_tokens();
    world.refresh().expect(0);
    world.assert_whole(2);
}

#[test]
fn new_replicas_that_keep_failing_are_told_and_restarted_by_resume() {
    let world = unrehearsed();
    let why = "exit code 1: no such table".to_owned();
    let crash = Rollout {
        duration: QUICK,
        outcome: Outcome::CrashLoop(why.clone()),
    };
    world.azure.set_rollout(crash);
    let ended = world.refresh().expect(5).says(&[&why]);
    assert_eq!(ended.json["phase"], "restart");
    world.azure.set_rollout(Rollout {
        duration: QUICK,
        outcome: Outcome::Complete,
    });
    world.resume().expect(0);
    world.assert_whole(1);
    assert_eq!(world.restarts(), 2);
}

#[test]
fn a_rollout_that_never_begins_is_held_and_watched_again() {
    let world = World::new(&json!({ "rehearse": false, "rollout_timeout": "1s" }));
    world.azure.set_rollout(Rollout {
        duration: QUICK,
        outcome: Outcome::Stuck,
    });
    world.refresh().expect(5);
    world.azure.set_rollout(Rollout {
        duration: QUICK,
        outcome: Outcome::Complete,
    });
    world.azure.change(|app| {
        app.revisions
            .iter_mut()
            .for_each(|revision| revision.replicas.clear());
    });
    world.resume().expect(5).says(&["0 of 2"]);
}

#[test]
fn replicas_that_may_not_be_listed_leave_the_runner_s_return_as_the_proof() {
    let world = World::new(&plain());
    world.azure.deny(Endpoint::ListReplicas);
    world.refresh().expect(0).says(&["can't be watched"]);
    world.assert_whole(1);
}

#[test]
fn someone_who_overwrites_the_secret_is_noticed_and_overruled() {
    let world = unrehearsed();
    world.azure.set_pace(Pace {
        at_once: true,
        ..Pace::default()
    });
    let fault = Fault::SecondWriter {
        name: world.container.secret.clone(),
        value: "another one".to_owned(),
    };
    world.azure.fail(Endpoint::PatchApp, fault);
    world.refresh().expect(0).says(&["is not the one written"]);
    world.assert_whole(1);
    assert_eq!(world.azure.count(Endpoint::PatchApp), 2);
}
