use keyferry_sdk::FailureKind::{Denied, Missing, Unavailable};
use keyferry_sdk::{Receipt, Sink, Workload};
use serde_json::{Value, json};

use super::{World, deployment, ran};
use crate::Helm;

fn at(time: &str) -> Value {
    let mut deployment = deployment();
    deployment["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] =
        json!(time);
    json!({ "items": [deployment] })
}

fn restart(world: World) -> Result<Workload, keyferry_sdk::Failure> {
    let (mock, _, target) = world.open();
    Helm::restart(&mock, &target, &Receipt::new("x", "y"))
}

#[test]
fn the_deployment_is_restarted_and_marked() {
    let world = World::new().in_turn(
        "deployments",
        &[at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00+01:00")],
    );
    let (mock, _, target) = world.open();
    let workload = Helm::restart(&mock, &target, &Receipt::new("x", "y")).expect("restarted");
    assert_eq!(
        workload,
        Workload::new(
            "matillion-agent/matillion-agent-app",
            "2026-01-02T00:00:00+01:00"
        )
    );
    assert_eq!(
        ran(&mock),
        [
            "kubectl get deployments",
            "kubectl rollout restart",
            "kubectl get deployments"
        ]
    );
    let selector = "--selector=app.kubernetes.io/instance=matillion-agent,app notin (matillion-agent-script-runner-pods,matillion-agent-matillion-runner-script-runner-pods,matillion-agent-matillion-agent-script-runner-pods)";
    assert!(
        mock.runs()[1].contains(&selector.to_owned()),
        "{:?}",
        mock.runs()[1]
    );

    let world = World::new()
        .setting("deployment", "matillion-agent-app")
        .in_turn(
            "deployments",
            &[
                json!({ "items": [deployment()] }),
                at("2026-01-01T00:00:00Z"),
            ],
        );
    let (mock, _, target) = world.open();
    Helm::restart(&mock, &target, &Receipt::new("x", "y")).expect("restarted");
    assert!(mock.runs()[1].contains(&"deployment/matillion-agent-app".to_owned()));
}

#[test]
fn what_the_cluster_shows_decides_and_not_what_the_program_said() {
    let took = World::new()
        .fails("restart", "connection reset")
        .in_turn("deployments", &[at("1"), at("2")]);
    assert_eq!(restart(took).expect("it took effect").marker, "2");
    for (world, kind, said) in [
        (
            World::new().fails("restart", "no route"),
            Unavailable,
            "no route; the restart can be repeated",
        ),
        (
            World::new()
                .fails("restart", "forbidden")
                .text("may-restart", "no"),
            Denied,
            "may not patch Deployments",
        ),
        (World::new(), Unavailable, "in the very same second"),
        (
            World::new().answer("deployments", json!({ "items": [] })),
            Missing,
            "no Deployment",
        ),
        (
            World::new().fails("deployments", "unreachable"),
            Unavailable,
            "unreachable",
        ),
    ] {
        let failure = restart(world).expect_err("not restarted");
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains(said), "{said}: {failure}");
    }
}
