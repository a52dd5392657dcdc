//! Killed at the worst moments, and taken up again: one refresh at the issuer, whatever happened.

use std::time::Duration;

use keyferry_tests::aws::{Fault, Operation, Outcome};
use keyferry_tests::issuer::{Endpoint, Fault as IssuerFault, Pause};
use keyferry_tests::world::{RUNNER, World};
use serde_json::json;

const LONG: Duration = Duration::from_secs(60);

fn unrehearsed() -> World {
    World::approved(&[("rehearse", json!(false))])
}

/// Ends `refresh` with SIGKILL as soon as `moment` has come.
fn killed(world: &World, moment: impl Fn(&World) -> bool) {
    let running = world.start_refresh();
    let outcome = running
        .kill_when(|| moment(world))
        .expect("the moment comes");
    assert_eq!(outcome.signal, Some(9), "{}", outcome.stderr);
    world.issuer.clear_faults();
    world.aws.clear_faults();
}

fn finished(world: &World) {
    let ended = world.resume().expect(0);
    assert_eq!(ended.json["outcome"], "done");
    world.assert_whole(1);
    assert_eq!(world.issuer.count(Endpoint::RefreshCredential), 1);
    let history = world.json(&["history"]).expect(0).json;
    assert_eq!(history.as_array().map(Vec::len), Some(1), "one attempt");
    assert_eq!(history[0]["outcome"], "done");
    assert_eq!(world.json(&["resume"]).expect(0).json["outcome"], "nothing");
}

#[test]
fn during_the_request_to_the_issuer() {
    let world = unrehearsed();
    world
        .issuer
        .fail(Endpoint::RefreshCredential, IssuerFault::Slow(LONG));
    killed(&world, |world| world.issuer.refreshes(&world.id) == 1);
    assert_eq!(world.last_attempt()["outcome"], "open at refresh");
    finished(&world);
}

/// Between crash and resume somebody edits the config.
#[test]
fn for_a_runner_that_is_called_otherwise_now_and_never_for_another() {
    let world = unrehearsed();
    world.aws.fail(Operation::PutSecretValue, Fault::Slow(LONG));
    killed(&world, |world| {
        world.aws.count(Operation::PutSecretValue) == 1
    });
    let (path, before) = (world.workspace.config_path(), world.stored());
    let text = std::fs::read_to_string(&path).expect("a config");
    let write = |text: String| std::fs::write(&path, text).expect("written");

    let other = "00000000-0000-4000-8000-000000000000";
    write(text.replace(&world.id, other));
    for arguments in [&["resume"][..], &["resume", RUNNER]] {
        let refused = world.json(arguments).expect(1);
        refused.says(&[&world.id, other, "Nothing was done"]);
    }
    assert!(world.stored() == before, "another runner's place");
    assert_eq!(world.last_attempt()["outcome"], "open at write");

    write(text.replace(RUNNER, "etl-renamed"));
    assert_eq!(
        world.json(&["resume", "etl-renamed"]).expect(0).json["outcome"],
        "done"
    );
    world.assert_whole(1);
}

#[test]
fn during_the_write() {
    let world = unrehearsed();
    world.aws.fail(Operation::PutSecretValue, Fault::Slow(LONG));
    killed(&world, |world| {
        world.aws.count(Operation::PutSecretValue) == 1
    });
    assert_eq!(world.last_attempt()["outcome"], "open at write");
    finished(&world);
    assert_eq!(
        world.aws.versions(&world.etl.secret_id).len(),
        2,
        "no second version"
    );
}

#[test]
fn before_anything_was_written() {
    let world = unrehearsed();
    // The plan reads once; the second read is the write's.
    world
        .aws
        .fail(Operation::GetSecretValue, Fault::Slow(Duration::ZERO));
    world.aws.fail(Operation::GetSecretValue, Fault::Slow(LONG));
    killed(&world, |world| {
        world.aws.count(Operation::GetSecretValue) == 2
    });
    assert!(world.aws.versions(&world.etl.secret_id).len() == 1);
    finished(&world);
}

#[test]
fn during_the_verification() {
    let world = unrehearsed();
    world
        .aws
        .fail_times(Operation::GetSecretValue, Fault::Slow(Duration::ZERO), 2);
    world.aws.fail(Operation::GetSecretValue, Fault::Slow(LONG));
    killed(&world, |world| {
        world.aws.count(Operation::GetSecretValue) == 3
    });
    assert_eq!(world.last_attempt()["outcome"], "open at verify");
    finished(&world);
}

#[test]
fn during_the_restart_request() {
    let world = unrehearsed();
    world.aws.fail(Operation::UpdateService, Fault::Slow(LONG));
    killed(&world, |world| {
        world.aws.count(Operation::UpdateService) == 1
    });
    assert_eq!(world.last_attempt()["outcome"], "open at restart");
    finished(&world);
}

#[test]
fn during_the_rollout() {
    let world = unrehearsed();
    world
        .aws
        .set_rollout(Duration::from_secs(2), Outcome::Complete);
    // The plan looks at the service once; the second look is at the rollout.
    killed(&world, |world| {
        world.aws.count(Operation::DescribeServices) == 2
    });
    finished(&world);
    assert_eq!(
        world.aws.count(Operation::UpdateService),
        1,
        "not restarted again"
    );
}

#[test]
fn while_waiting_for_the_runner() {
    let world = World::approved(&[("drain", json!("pause"))]);
    world.issuer.configure(|issuer| issuer.connect_delay = LONG);
    let looks = |world: &World| {
        let steps = || world.last_attempt()["steps"].to_string();
        world.aws.count(Operation::UpdateService) == 1 && steps().contains("new instances are up")
    };
    killed(&world, looks);
    let runner = world.issuer.runner(&world.id);
    assert!(runner.pause == Pause::Paused && !runner.connected);
    let live = world.issuer.credential(&world.id);
    world
        .issuer
        .configure(|issuer| issuer.connect_delay = Duration::from_millis(10));
    world
        .issuer
        .runner_started_with(&world.id, &live.client_id, &live.client_secret);
    finished(&world);
    assert!(
        world.issuer.runner(&world.id).pause == Pause::None,
        "resumed by resume"
    );
}

#[test]
fn while_pausing_nothing_was_refreshed_and_the_runner_is_resumed() {
    let world = World::approved(&[("drain", json!("pause"))]);
    world.issuer.configure(|issuer| issuer.pause_delay = LONG);
    killed(&world, |world| world.issuer.count(Endpoint::Command) == 1);
    assert!(world.issuer.runner(&world.id).pause == Pause::Pausing);
    world.resume().expect(3);
    assert_eq!(world.issuer.refreshes(&world.id), 0);
    assert!(world.issuer.runner(&world.id).pause == Pause::None);

    world
        .issuer
        .configure(|issuer| issuer.pause_delay = Duration::from_millis(20));
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn during_the_plan_nothing_is_left_to_do() {
    let world = World::approved(&[]);
    world
        .issuer
        .fail(Endpoint::GetCredential, IssuerFault::Slow(LONG));
    killed(&world, |world| {
        world.issuer.count(Endpoint::GetCredential) == 1
    });
    world.resume().expect(3);
    world.assert_untouched();
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn the_next_refresh_takes_it_up_and_asks_for_nothing_new() {
    let world = unrehearsed();
    world.aws.fail(Operation::PutSecretValue, Fault::Slow(LONG));
    killed(&world, |world| {
        world.aws.count(Operation::PutSecretValue) == 1
    });
    // Not even the word has to be typed: nothing new is revoked.
    let ended = world.json(&["refresh", RUNNER]).expect(0);
    assert!(ended.stderr.contains("taken up"), "{}", ended.stderr);
    world.assert_whole(1);
    assert_eq!(world.issuer.count(Endpoint::RefreshCredential), 1);
}

#[test]
fn killed_again_and_again() {
    let world = unrehearsed();
    world.aws.fail(Operation::PutSecretValue, Fault::Slow(LONG));
    killed(&world, |world| {
        world.aws.count(Operation::PutSecretValue) == 1
    });
    for _ in 0..3 {
        let gets = world.aws.count(Operation::GetSecretValue);
        world.aws.fail(Operation::GetSecretValue, Fault::Slow(LONG));
        let resuming = world.start(&["resume"]);
        let moment = || world.aws.count(Operation::GetSecretValue) > gets;
        resuming.kill_when(moment).expect("the moment comes");
        world.aws.clear_faults();
    }
    finished(&world);
}

#[test]
fn an_open_attempt_is_shown_and_holds_up_what_would_get_in_its_way() {
    let world = unrehearsed();
    world.aws.deny(Operation::PutSecretValue);
    world.refresh().expect(4);
    let status = world.json(&["status"]).expect(0).json;
    assert_eq!(status[0]["last"], "open at write");
    assert!(
        status[0]["problem"].to_string().contains("not authorized"),
        "{status}"
    );
    let plan = world.json(&["plan", RUNNER]).json;
    assert!(plan["open_attempt"].is_string(), "{plan}");
    world
        .json(&["reconcile", RUNNER])
        .expect(3)
        .says(&["keyferry resume etl-prod"]);
    let doctor = world.json(&["doctor"]).expect(1).json;
    assert!(doctor.to_string().contains("keyferry resume"), "{doctor}");
    world.aws.clear_faults();
    finished(&world);
}

#[test]
fn one_process_at_a_time_works_on_a_runner_and_others_go_on() {
    let world = unrehearsed();
    let spec = keyferry_tests::issuer::RunnerSpec::fargate("etl-test");
    let other_id = spec.id.clone();
    let pair = world.issuer.add_runner(spec);
    let (id, secret) = (&pair.client_id, &pair.client_secret);
    let etl = world
        .aws
        .seed_beside("runner-test", "test-credentials", &other_id, id, secret);
    let region = world.aws.region();
    let both = world
        .config
        .clone()
        .etl("etl-test", &other_id, &region, &etl, &[]);
    std::fs::write(world.workspace.config_path(), both.text()).expect("a config");

    world.aws.fail(
        Operation::PutSecretValue,
        Fault::Slow(Duration::from_secs(6)),
    );
    let first = world.start_refresh();
    let holder = first.id().to_string();
    world.eventually("it writes", |world| {
        world.aws.count(Operation::PutSecretValue) == 1
    });
    for command in [
        ["refresh", RUNNER, "--yes"].as_slice(),
        &["plan", RUNNER],
        &["resume"],
    ] {
        world
            .json(command)
            .expect(6)
            .says(&["another keyferry", &holder]);
    }
    world.json(&["refresh", "etl-test", "--yes"]).expect(0);
    let ended = first.wait().expect("it ends");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    world.assert_whole(1);
    assert_eq!(world.issuer.refreshes(&other_id), 1);
    assert!(world.issuer.runner(&other_id).connected);
}
