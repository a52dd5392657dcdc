//! Nothing goes wrong.

use keyferry_tests::aws::Operation;
use keyferry_tests::issuer::Endpoint;
use keyferry_tests::world::{RUNNER, World};
use serde_json::json;

#[test]
fn from_plan_to_connected() {
    let world = World::approved(&[]);
    let ended = world.refresh().expect(0);
    world.assert_whole(1);
    assert_eq!(world.issuer.count(Endpoint::RefreshCredential), 1);
    assert_eq!(world.issuer.count(Endpoint::Command), 0);
    assert_eq!(world.aws.count(Operation::UpdateService), 1);
    assert_eq!(world.issuer.runner(&world.id).starts, 2);

    let document = &ended.json;
    for (key, value) in [
        ("runner", json!(RUNNER)),
        ("runner_id", json!(world.id)),
        ("kind", json!("refresh")),
        ("outcome", json!("done")),
        ("phase", json!("done")),
        ("next", json!(null)),
    ] {
        assert_eq!(document[key], value, "{key}");
    }
    let location = format!("{}#client_secret", world.etl.secret_arn);
    assert_eq!(document["location"], json!(location));
    assert_ne!(document["fingerprint"], document["fingerprint_before"]);
    assert!(document["window_ms"].as_f64().is_some_and(|ms| ms > 0.0));
    for phase in [
        "plan", "rehearse", "drain", "refresh", "write", "verify", "restart",
    ] {
        assert!(document["timings_ms"][phase].is_f64(), "{phase}");
    }

    // The attempt is the idempotency key, and the rehearsal had one of its own.
    let versions = world.aws.versions(&world.etl.secret_id);
    let current = versions.last().expect("a version");
    assert_eq!(json!(current.id), document["attempt"]);
    assert_eq!(current.stages, ["AWSCURRENT"]);
    assert_eq!(versions.len(), 3, "seeded, rehearsed, written");
    assert_eq!(versions[1].stages, ["AWSPREVIOUS"]);
    assert!(
        versions[0].value == versions[1].value,
        "the rehearsal changes nothing"
    );

    let attempt = world.last_attempt();
    for key in [
        "attempt",
        "kind",
        "outcome",
        "fingerprint",
        "fingerprint_before",
        "location",
    ] {
        assert_eq!(attempt[key], document[key], "{key}");
    }
    let steps = attempt["steps"].as_array().expect("steps");
    let phases: Vec<&str> = steps
        .iter()
        .filter_map(|step| step["phase"].as_str())
        .collect();
    let order = [
        "plan", "rehearse", "drain", "refresh", "write", "verify", "restart", "done",
    ];
    let mut seen = phases.iter();
    for phase in order {
        assert!(
            seen.any(|own| *own == phase),
            "{phase} in its place of {phases:?}"
        );
    }
    assert!(
        ended.stderr.contains("may also upgrade the runner"),
        "{}",
        ended.stderr
    );
}

#[test]
fn without_a_rehearsal_it_writes_once() {
    let world = World::approved(&[("rehearse", json!(false))]);
    world.refresh().expect(0);
    world.assert_whole(1);
    assert_eq!(world.aws.count(Operation::PutSecretValue), 1);
}

#[test]
fn the_rehearsal_puts_right_what_had_drifted() {
    let world = World::approved(&[]);
    let drifted = world.stored();
    let fresh = world.issuer.refresh_behind(&world.id);
    let ended = world.refresh().expect(0);
    world.assert_whole_since(&drifted, world.first(), 2);
    assert!(fresh != world.issuer.credential(&world.id));
    assert!(
        ended.stderr.contains("not what the issuer has now"),
        "{}",
        ended.stderr
    );
}

#[test]
fn what_had_drifted_is_not_trusted_without_a_rehearsal() {
    let world = World::approved(&[("rehearse", json!(false))]);
    world.issuer.refresh_behind(&world.id);
    world.refresh().expect(3).says(&["keyferry reconcile"]);
    assert_eq!(
        world.issuer.refreshes(&world.id),
        1,
        "only the one behind its back"
    );
    assert_eq!(world.aws.count(Operation::PutSecretValue), 0);
}

#[test]
fn a_second_refresh_follows_the_first() {
    let world = World::approved(&[]);
    world.refresh().expect(0);
    world.refresh().expect(0);
    world.assert_whole(2);
    let history = world.json(&["history"]).expect(0).json;
    assert_eq!(history.as_array().map(Vec::len), Some(2));
    assert_eq!(history[0]["fingerprint_before"], history[1]["fingerprint"]);
}

#[test]
fn nothing_is_asked_of_the_issuer_between_its_answer_and_the_restart_but_a_token() {
    let world = World::approved(&[]);
    world.refresh().expect(0);
    let posted = world.issuer.requests_to(Endpoint::RefreshCredential);
    let answered = posted[0].answered.expect("an answer");
    let restart = world.aws.requests_of(Operation::UpdateService)[0].received;
    let between: Vec<String> = world
        .issuer
        .requests()
        .into_iter()
        .filter(|request| request.received > answered && request.received < restart)
        .map(|request| request.path)
        .collect();
    assert_eq!(between, ["/oauth/dpc/token"]);
}
