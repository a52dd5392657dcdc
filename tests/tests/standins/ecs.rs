//! ECS's stand-in: a forced deployment over time, a failed one, and what containers read.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyferry_tests::aws::{Aws, Etl, Operation, Outcome};
use serde_json::{Value, json};

use crate::aws::{call, error_of};
use crate::eventually;

type Seen = Arc<Mutex<Vec<String>>>;

fn seeded() -> (Aws, Etl, Seen) {
    let seen: Seen = Arc::default();
    let started = Arc::clone(&seen);
    let aws = Aws::start_with(Arc::new(move |instance| {
        started
            .lock()
            .expect("no panic")
            .push(instance.client_secret);
    }))
    .expect("a stand-in");
    let etl = aws.seed_etl("r1", "id", "old");
    (aws, etl, seen)
}

fn force(aws: &Aws, etl: &Etl) -> (u16, Value) {
    let body =
        json!({ "cluster": etl.cluster, "service": etl.service, "forceNewDeployment": true });
    call(aws, Operation::UpdateService, &body)
}

fn described(aws: &Aws, etl: &Etl) -> Value {
    let body = json!({ "cluster": etl.cluster, "services": [etl.service] });
    call(aws, Operation::DescribeServices, &body).1["services"][0].clone()
}

#[test]
fn a_forced_deployment_replaces_the_old_one_over_time() {
    let (aws, etl, seen) = seeded();
    aws.set_rollout(Duration::from_millis(1000), Outcome::Complete);
    let old = described(&aws, &etl)["deployments"][0]["id"].clone();
    let (_, answer) = force(&aws, &etl);
    let fresh = &answer["service"]["deployments"][0];
    assert_eq!(
        (&fresh["status"], &fresh["rolloutState"]),
        (&json!("PRIMARY"), &json!("IN_PROGRESS"))
    );
    assert_ne!(fresh["id"], old);
    assert_eq!(answer["service"]["deployments"][1]["status"], "ACTIVE");
    assert_eq!(
        seen.lock().expect("no panic").len(),
        0,
        "no container starts at once"
    );
    eventually("the rollout ends", || {
        described(&aws, &etl)["deployments"][0]["rolloutState"] == "COMPLETED"
    });
    let service = described(&aws, &etl);
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
    assert_eq!(service["deployments"][0]["id"], fresh["id"]);
    assert_eq!(service["runningCount"], 2);
    assert_eq!(seen.lock().expect("no panic").len(), 2);
}

#[test]
fn containers_read_the_secret_when_they_start_and_not_when_someone_looks() {
    let (aws, etl, seen) = seeded();
    aws.set_rollout(Duration::from_millis(40), Outcome::Complete);
    force(&aws, &etl);
    // Nobody asks while they start.
    eventually("both started", || seen.lock().expect("no panic").len() == 2);
    aws.put_secret(
        &etl.secret_id,
        r#"{"client_id":"id","client_secret":"late"}"#,
    );
    assert_eq!(*seen.lock().expect("no panic"), ["old", "old"]);
    force(&aws, &etl);
    eventually("two more started", || {
        seen.lock().expect("no panic").len() == 4
    });
    assert_eq!(seen.lock().expect("no panic")[2..], ["late", "late"]);
}

#[test]
fn a_failed_deployment_is_rolled_back_with_its_reason() {
    let (aws, etl, _) = seeded();
    let old = described(&aws, &etl)["deployments"][0]["id"].clone();
    let outcome = Outcome::RolledBack("tasks failed to start.".to_owned());
    aws.set_rollout(Duration::from_millis(40), outcome);
    let fresh = force(&aws, &etl).1["service"]["deployments"][0]["id"].clone();
    eventually("it is rolled back", || {
        described(&aws, &etl)["deployments"][0]["id"] == old
    });
    let service = described(&aws, &etl);
    let failed = &service["deployments"][1];
    assert_eq!(
        (&failed["id"], &failed["rolloutState"]),
        (&fresh, &json!("FAILED"))
    );
    let reason = failed["rolloutStateReason"].as_str().expect("a reason");
    assert_eq!(
        reason,
        "ECS deployment circuit breaker: tasks failed to start."
    );
    assert_eq!(service["deployments"][0]["status"], "PRIMARY");
    let event = service["events"][0]["message"].as_str().expect("an event");
    assert!(event.contains("rolling back"), "{event}");
}

#[test]
fn a_secret_that_lacks_the_key_keeps_the_containers_from_starting() {
    let (aws, etl, seen) = seeded();
    aws.put_secret(&etl.secret_id, r#"{"client_id":"id"}"#);
    force(&aws, &etl);
    eventually("it is rolled back", || {
        described(&aws, &etl)["deployments"][1]["rolloutState"] == "FAILED"
    });
    assert_eq!(seen.lock().expect("no panic").len(), 0);
}

#[test]
fn a_stuck_deployment_goes_on_and_a_later_one_takes_its_place() {
    let (aws, etl, seen) = seeded();
    aws.set_rollout(Duration::from_millis(20), Outcome::Stuck);
    force(&aws, &etl);
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(
        described(&aws, &etl)["deployments"][0]["rolloutState"],
        "IN_PROGRESS"
    );
    aws.set_rollout(Duration::from_millis(20), Outcome::Complete);
    let fresh = force(&aws, &etl).1["service"]["deployments"][0]["id"].clone();
    eventually("the later one completes", || {
        let deployments = described(&aws, &etl)["deployments"].clone();
        deployments.as_array().map(Vec::len) == Some(1) && deployments[0]["id"] == fresh
    });
    assert_eq!(seen.lock().expect("no panic").len(), 2);
}

#[test]
fn what_is_wrong_is_refused_as_aws_does() {
    let (aws, etl, _) = seeded();
    let body = json!({ "cluster": "none", "services": ["x"] });
    let refused = call(&aws, Operation::DescribeServices, &body);
    assert_eq!(error_of(&refused), (400, "ClusterNotFoundException"));
    let body = json!({ "cluster": etl.cluster, "services": ["x"] });
    let (_, answer) = call(&aws, Operation::DescribeServices, &body);
    assert_eq!(answer["failures"][0]["reason"], "MISSING");
    let body = json!({ "cluster": etl.cluster, "service": "x", "forceNewDeployment": true });
    let refused = call(&aws, Operation::UpdateService, &body);
    assert_eq!(error_of(&refused), (400, "ServiceNotFoundException"));
    let body = json!({ "taskDefinition": "none:1" });
    let refused = call(&aws, Operation::DescribeTaskDefinition, &body);
    assert_eq!(error_of(&refused), (400, "ClientException"));
    aws.change_service(&etl.cluster, &etl.service, |service| {
        "CODE_DEPLOY".clone_into(&mut service.controller);
    });
    assert_eq!(
        error_of(&force(&aws, &etl)),
        (400, "InvalidParameterException")
    );
    aws.change_service(&etl.cluster, &etl.service, |service| {
        "INACTIVE".clone_into(&mut service.status);
    });
    assert_eq!(
        error_of(&force(&aws, &etl)),
        (400, "ServiceNotActiveException")
    );
}

#[test]
fn a_task_definition_is_found_by_arn_family_and_revision_and_can_be_changed() {
    let (aws, etl, _) = seeded();
    aws.change_task_definition(&etl.task_definition, |d| d["cpu"] = "256".into());
    for name in [etl.task_definition.as_str(), "etl-runner", "etl-runner:1"] {
        let body = json!({ "taskDefinition": name });
        let (_, answer) = call(&aws, Operation::DescribeTaskDefinition, &body);
        let definition = &answer["taskDefinition"];
        assert_eq!(
            definition["taskDefinitionArn"],
            etl.task_definition.as_str()
        );
        assert_eq!(definition["cpu"], "256");
        let from = definition["containerDefinitions"][0]["secrets"][1]["valueFrom"].clone();
        assert_eq!(from, format!("{}:client_secret::", etl.secret_arn));
    }
}
