//! No pipeline may run on a runner that is about to be cut off.

use std::time::Duration;

use keyferry_tests::aws::Operation;
use keyferry_tests::issuer::{Endpoint, Pause, Role};
use keyferry_tests::world::World;
use serde_json::{Value, json};

/// A pipeline that runs on this world's runner.
fn busy(world: &World) -> String {
    let project = world.issuer.add_project("sales");
    world
        .issuer
        .add_environment(&project, "production", &world.id);
    world
        .issuer
        .start_execution(&project, "production", "nightly load")
}

fn draining(how: &str, timeout: &str) -> [(&'static str, Value); 2] {
    [("drain", json!(how)), ("drain_timeout", json!(timeout))]
}

#[test]
fn require_idle_refuses_while_a_pipeline_runs() {
    let world = World::approved(&[]);
    let execution = busy(&world);
    world
        .refresh()
        .expect(3)
        .says(&["nightly load", "drain = \"wait\""]);
    world.assert_untouched();
    let attempt = world.last_attempt();
    assert_eq!(attempt["outcome"], "refused");
    assert!(
        attempt["problem"]
            .as_str()
            .is_some_and(|why| why.contains("nightly load"))
    );

    world.issuer.set_execution_status(&execution, "SUCCESS");
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn a_pipeline_of_another_runner_does_not_count() {
    let world = World::approved(&[]);
    let project = world.issuer.add_project("sales");
    world
        .issuer
        .add_environment(&project, "production", "another");
    world
        .issuer
        .start_execution(&project, "production", "nightly load");
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn wait_waits_and_gives_up_in_time() {
    let world = World::approved(&draining("wait", "1s"));
    let execution = busy(&world);
    world
        .refresh()
        .expect(3)
        .says(&["nightly load", "long enough"]);
    world.assert_not_refreshed();

    let patient = World::approved(&draining("wait", "1m"));
    let execution_of_patient = busy(&patient);
    patient
        .issuer
        .finish_execution_after(&execution_of_patient, Duration::from_millis(600));
    patient.refresh().expect(0);
    patient.assert_whole(1);
    assert_ne!(execution, execution_of_patient);
}

#[test]
fn pause_cuts_off_a_runner_whose_pipelines_stay_active_and_resumes_it_at_the_end() {
    let world = World::approved(&draining("pause", "1m"));
    let execution = busy(&world);
    world
        .issuer
        .finish_execution_after(&execution, Duration::from_millis(500));
    world.refresh().expect(0);
    world.assert_whole(1);
    let commands = world.issuer.requests_to(Endpoint::Command);
    assert_eq!(commands.len(), 2, "PAUSE and RESUME");
    let posted = world.issuer.requests_to(Endpoint::RefreshCredential)[0].received;
    let restarted = world.aws.requests_of(Operation::UpdateService)[0].received;
    assert!(commands[0].received < posted, "it was paused first");
    assert!(
        commands[1].received > restarted,
        "and resumed once it was back"
    );
    let runner = world.issuer.runner(&world.id);
    assert!(runner.pause == Pause::None && runner.connected);
    assert_eq!(world.last_attempt()["outcome"], "done");
}

#[test]
fn a_runner_that_does_not_pause_in_time_is_resumed_and_not_refreshed() {
    let world = World::approved(&draining("pause", "1s"));
    world
        .issuer
        .configure(|issuer| issuer.pause_delay = Duration::from_secs(3600));
    world.refresh().expect(3).says(&["asked to pause"]);
    world.assert_not_refreshed();
    assert!(world.issuer.runner(&world.id).pause == Pause::None);
}

#[test]
fn what_someone_else_paused_stays_paused() {
    let world = World::approved(&draining("pause", "1m"));
    busy(&world);
    world
        .issuer
        .change_runner(&world.id, |runner| runner.pause = Pause::Paused);
    let ended = world.refresh().expect(0);
    world.assert_whole(1);
    assert_eq!(world.issuer.count(Endpoint::Command), 0);
    assert!(world.issuer.runner(&world.id).pause == Pause::Paused);
    assert!(
        ended.stderr.contains("leaves it paused"),
        "{}",
        ended.stderr
    );
}

#[test]
fn what_the_idle_check_can_not_see_is_said() {
    let world = World::approved(&[]);
    busy(&world);
    world.issuer.configure(|issuer| issuer.role = Role::Admin);
    let ended = world.refresh().expect(0);
    assert!(
        ended.stderr.contains("can't be seen by the idle check"),
        "{}",
        ended.stderr
    );
    world.assert_whole(1);
}
