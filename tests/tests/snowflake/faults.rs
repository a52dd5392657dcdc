//! A bad day: after the issuer's answer the secret is held or in place, never lost, and what was
//! held goes on when the day is over.

use std::time::Duration;

use keyferry_tests::process::Outcome;
use keyferry_tests::snowflake::{self, Fault, Operation, Pace};
use serde_json::json;

use crate::{RUNNER, World, each};

/// Without a rehearsal the first statement that stores is the fresh one.
fn unrehearsed() -> World {
    World::new(&[("rehearse", json!(false)), ("connect_timeout", json!("5s"))])
}

#[test]
fn what_passes_is_waited_for_and_the_secret_is_set_once() {
    let faults = [
        Fault::RequestLost,
        Fault::AnswerLost,
        Fault::AnswerCut,
        Fault::Throttled,
        Fault::ErrorBefore,
        Fault::ErrorAfter,
        Fault::Garbage,
        Fault::Running(2),
        Fault::Running(7),
        Fault::Slow(Duration::from_millis(300)),
    ];
    each(&faults, |fault| {
        let world = unrehearsed();
        world.snowflake.fail(Operation::AlterSecret, fault.clone());
        world.refresh(0);
        world.is_back();
        assert_eq!(world.snowflake.writes(), 1, "{fault:?}");
    });
}

#[test]
fn the_restart_survives_lost_answers() {
    let faults = [
        Fault::AnswerLost,
        Fault::ErrorAfter,
        Fault::Throttled,
        Fault::RequestLost,
    ];
    each(&faults, |fault| {
        for operation in [Operation::Suspend, Operation::Resume] {
            let world = unrehearsed();
            world.snowflake.fail(operation, fault.clone());
            world.refresh(0);
            world.is_back();
            assert_eq!(
                world.issuer.runner(&world.id).starts,
                2,
                "{operation:?} {fault:?}"
            );
        }
    });
}

#[test]
fn a_store_that_refuses_leaves_the_secret_in_the_journal() {
    let world = unrehearsed();
    world.snowflake.deny(Operation::AlterSecret);
    let refused = world.refresh(4);
    assert!(refused.stderr.contains("003001"), "{}", refused.stderr);
    assert_eq!(world.snowflake.writes(), 0);
    world.snowflake.clear_faults();
    world.resume();
    world.keeps_silent(&[&refused], &[&world.first, &world.live()]);
}

#[test]
fn a_rehearsal_that_fails_costs_nothing() {
    let world = World::new(&[]);
    world.snowflake.deny(Operation::AlterSecret);
    let refused = world.refresh(3);
    assert!(
        refused.stderr.contains("to alter a secret it must own it"),
        "{}",
        refused.stderr
    );
    assert_eq!(world.issuer.refreshes(&world.id), 0);
    assert!(world.issuer.runner(&world.id).connected);
}

#[test]
fn a_service_that_does_not_start_is_named_with_its_reason() {
    let world = World::new(&[]);
    let fails = snowflake::Outcome::Fails("Failed to pull image".to_owned());
    world.snowflake.set_pace(Pace {
        outcome: fails,
        ..Pace::default()
    });
    let held = world.refresh(5);
    assert!(
        held.stderr.contains("main: Failed to pull image"),
        "{}",
        held.stderr
    );
    world.snowflake.set_pace(Pace::default());
    world.resume();
}

#[test]
fn a_service_that_is_never_up_is_held() {
    let world = World::new(&[("rollout_timeout", json!("5s"))]);
    let stuck = snowflake::Outcome::Stuck;
    world.snowflake.set_pace(Pace {
        outcome: stuck,
        ..Pace::default()
    });
    let held = world.refresh(5);
    assert!(held.stderr.contains("is PENDING"), "{}", held.stderr);
}

#[test]
fn a_role_that_may_not_suspend_is_held_after_the_write() {
    let world = World::new(&[]);
    world.snowflake.deny(Operation::Suspend);
    let held = world.refresh(5);
    assert!(
        held.stderr.contains("ALTER SERVICE SUSPEND"),
        "{}",
        held.stderr
    );
    assert!(world.snowflake.secret_string() == world.live());
    world.snowflake.clear_faults();
    world.resume();
}

/// Its value can't be read back, so the runner that does not come back is what shows it.
#[test]
fn a_second_writer_is_found_out_by_the_connection() {
    let world = unrehearsed();
    let other = Fault::SecondWriter("another writer's secret".to_owned());
    world.snowflake.fail(Operation::AlterSecret, other);
    let held: Outcome = world.refresh(5);
    assert!(held.stderr.contains("did not come back"), "{}", held.stderr);
    assert!(!world.issuer.runner(&world.id).connected);
    world.snowflake.put_secret(&world.live());
    world.resume();
    assert_eq!(world.issuer.refreshes(&world.id), 1);
}

#[test]
fn a_process_that_is_killed_while_the_service_is_suspended_is_taken_up() {
    let world = World::new(&[("rehearse", json!(false))]);
    let slow = Pace {
        suspend: Duration::from_secs(2),
        ..Pace::default()
    };
    world.snowflake.set_pace(slow);
    let run = world
        .workspace
        .keyferry(&["refresh", RUNNER, "--yes"])
        .expect("a binary");
    let running = run.start().expect("it runs");
    let killed = running
        .kill_when(|| world.snowflake.service().status == "SUSPENDING")
        .expect("killed");
    assert_eq!(killed.signal, Some(9));
    world.snowflake.set_pace(Pace::default());
    world.resume();
    assert_eq!(world.issuer.refreshes(&world.id), 1);
}
