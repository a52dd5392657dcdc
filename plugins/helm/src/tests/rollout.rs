use keyferry_sdk::RolloutState::{Complete, Failed, Pending, Progressing};
use keyferry_sdk::{Rollout, Sink, Workload};
use serde_json::{Value, json};

use super::{World, deployment};
use crate::Helm;

const MARKER: &str = "2026-01-02T00:00:00Z";

/// A Deployment whose restart was taken up, with these numbers: replicas, updated, available.
fn restarted(replicas: u32, updated: u32, available: u32) -> Value {
    let mut deployment = deployment();
    deployment["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] =
        json!(MARKER);
    deployment["status"]["replicas"] = json!(replicas);
    deployment["status"]["updatedReplicas"] = json!(updated);
    deployment["status"]["availableReplicas"] = json!(available);
    deployment
}

fn set(revision: &str) -> Value {
    json!({
        "kind": "ReplicaSet",
        "metadata": {
            "name": format!("set-{revision}"),
            "uid": format!("set-{revision}"),
            "ownerReferences": [{ "uid": "d-1" }],
            "annotations": { "deployment.kubernetes.io/revision": revision },
        },
    })
}

fn pod(name: &str, revision: &str, ready: bool) -> Value {
    let ready = if ready { "True" } else { "False" };
    json!({
        "kind": "Pod",
        "metadata": { "name": name, "uid": name, "ownerReferences": [{ "uid": format!("set-{revision}") }] },
        "status": {
            "phase": "Running",
            "conditions": [{ "type": "Ready", "status": ready }],
            "containerStatuses": [{ "name": "c", "restartCount": 0, "state": { "running": {} } }],
        },
    })
}

fn draining(name: &str) -> Value {
    let mut pod = pod(name, "2", true);
    pod["metadata"]["deletionTimestamp"] = json!("2026-01-02T12:00:00Z");
    pod["metadata"]["deletionGracePeriodSeconds"] = json!(43200);
    pod
}

fn waiting(name: &str, reason: &str, starts: u32) -> Value {
    let mut pod = pod(name, "3", false);
    pod["status"]["containerStatuses"][0] = json!({
        "name": "c",
        "restartCount": starts,
        "state": { "waiting": { "reason": reason, "message": "back-off" } },
    });
    pod
}

fn world(deployment: Value, pods: &[Value]) -> World {
    let stranger = json!({ "kind": "Pod", "metadata": { "name": "other", "ownerReferences": [{ "uid": "z" }] } });
    let mut items = vec![set("2"), set("3"), stranger];
    items.extend(pods.iter().cloned());
    World::new()
        .answer("deployments", json!({ "items": [deployment] }))
        .answer("pods", json!({ "items": items }))
}

fn observe(world: World) -> Rollout {
    let (mock, _, target) = world.open();
    let workload = Workload::new("matillion-agent/matillion-agent-app", MARKER);
    let seen = Helm::observe(&mock, &target, &workload).expect("observed");
    // What is over with old pods left is said, since nobody asks again.
    let left = seen.state == Complete && seen.detail.contains(" old ");
    assert_eq!(mock.lines().len(), usize::from(left), "{seen:?}");
    seen
}

#[test]
fn a_rollout_is_followed_from_its_begin_to_its_end() {
    let mut unseen = restarted(2, 2, 2);
    unseen["metadata"]["generation"] = json!(4);
    let new = [pod("a", "3", true), pod("b", "3", true)];
    let (a, b) = (new[0].clone(), new[1].clone());
    let old = pod("o", "2", true);
    for (deployment, pods, state, ready, detail) in [
        (
            unseen,
            vec![],
            Pending,
            0,
            "the restart was not taken up yet",
        ),
        (
            restarted(3, 1, 2),
            vec![pod("a", "3", false), old.clone()],
            Progressing,
            0,
            "0 of 2 new pods are ready, 1 old still run",
        ),
        (
            restarted(3, 2, 2),
            vec![a.clone(), pod("b", "3", false), old.clone()],
            Progressing,
            1,
            "1 of 2 new pods are ready, 1 old still run",
        ),
        (
            restarted(3, 2, 3),
            vec![a.clone(), b.clone(), old],
            Progressing,
            2,
            "1 old still run",
        ),
        (
            restarted(2, 2, 2),
            vec![a.clone(), b.clone(), draining("o")],
            Complete,
            2,
            "2 of 2 new pods are ready, 1 old still drain, for up to 43200 s",
        ),
        (
            restarted(2, 2, 2),
            new.to_vec(),
            Complete,
            2,
            "2 of 2 new pods are ready",
        ),
    ] {
        let seen = observe(world(deployment, &pods));
        assert_eq!(
            (seen.state, seen.ready, seen.wanted),
            (state, ready, 2),
            "{seen:?}"
        );
        assert!(seen.detail.ends_with(detail), "{detail}: {}", seen.detail);
    }
}

#[test]
fn old_pods_are_waited_for_if_asked() {
    let pods = [pod("a", "3", true), pod("b", "3", true), draining("o")];
    let seen = observe(world(restarted(2, 2, 2), &pods).setting("wait_for_old", true));
    assert_eq!(seen.state, Progressing);
    let seen = observe(world(restarted(2, 2, 2), &pods[..2]).setting("wait_for_old", true));
    assert_eq!(seen.state, Complete);
}

#[test]
fn pods_that_do_not_start_are_named() {
    let mut late = restarted(3, 1, 2);
    late["status"]["conditions"] = json!([{
        "type": "Progressing",
        "status": "False",
        "reason": "ProgressDeadlineExceeded",
        "message": "ReplicaSet \"x\" has timed out progressing.",
    }]);
    let mut unscheduled = pod("a", "3", false);
    unscheduled["status"] = json!({ "conditions": [
        { "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes" },
    ] });
    let pulling = waiting("a", "ImagePullBackOff", 0);
    let mut paused = restarted(3, 1, 2);
    paused["spec"]["paused"] = json!(true);
    for (deployment, pods, state, detail) in [
        (late.clone(), vec![], Failed, "has timed out progressing."),
        (
            late,
            vec![pulling.clone()],
            Failed,
            "progressing. (container c of pod a: ImagePullBackOff (back-off))",
        ),
        (
            restarted(3, 1, 2),
            vec![pulling],
            Progressing,
            "container c of pod a: ImagePullBackOff (back-off)",
        ),
        (
            restarted(3, 1, 2),
            vec![waiting("a", "ContainerCreating", 0)],
            Progressing,
            "0 of 2 new pods are ready",
        ),
        (
            restarted(3, 1, 2),
            vec![unscheduled],
            Progressing,
            "pod a: Unschedulable (0/3 nodes)",
        ),
        (
            restarted(3, 1, 2),
            vec![waiting("a", "CrashLoopBackOff", 2)],
            Progressing,
            "CrashLoopBackOff (back-off)",
        ),
        (
            restarted(2, 2, 2),
            vec![pod("b", "3", true), waiting("a", "CrashLoopBackOff", 5)],
            Failed,
            "CrashLoopBackOff (back-off)",
        ),
        (paused, vec![], Progressing, "the Deployment is paused"),
    ] {
        let seen = observe(world(deployment, &pods));
        assert_eq!(seen.state, state, "{seen:?}");
        assert!(seen.detail.ends_with(detail), "{detail}: {}", seen.detail);
    }
}

#[test]
fn a_deployment_that_is_not_the_restarted_one_any_more_has_failed() {
    let seen = observe(world(deployment(), &[]));
    assert_eq!(seen.state, Failed);
    assert!(
        seen.detail.ends_with("it is as never restarted"),
        "{}",
        seen.detail
    );
    let mut later = restarted(2, 2, 2);
    later["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] =
        json!("2027");
    assert!(
        observe(world(later, &[]))
            .detail
            .ends_with("restarted at 2027")
    );
    let gone = observe(World::new().answer("deployments", json!({ "items": [] })));
    assert_eq!(
        (gone.state, gone.detail.as_str()),
        (Failed, "the Deployment matillion-agent-app is gone")
    );
}

#[test]
fn without_the_right_to_see_pods_the_deployments_numbers_decide() {
    for (numbers, state, ready) in [
        ((2, 2, 2), Complete, 2),
        ((3, 2, 2), Progressing, 2),
        ((3, 1, 3), Progressing, 1),
    ] {
        let (replicas, updated, available) = numbers;
        let world = world(restarted(replicas, updated, available), &[]).fails("pods", "forbidden");
        let seen = observe(world);
        assert_eq!((seen.state, seen.ready), (state, ready), "{seen:?}");
    }
}
