use keyferry_sdk::{Currency, Plan, Sink};
use serde_json::json;

use super::{RUNNER, SECRET, VALUES, World, config, ran, release};
use crate::Helm;

fn plan(world: World) -> Plan {
    let (mock, current, target) = world.open();
    Helm::check(&mock, &target, &current).expect("a plan")
}

#[test]
fn a_sound_place_gives_a_plan_and_only_reads() {
    let (mock, current, target) = World::new().open();
    let plan = Helm::check(&mock, &target, &current).expect("a plan");
    assert_eq!(plan.location, "/srv/values.yaml#config.oauthClientSecret");
    assert_eq!(plan.stored, Currency::Current);
    assert_eq!(plan.warnings, [""; 0]);
    assert_eq!(plan.steps.len(), 3);
    assert_eq!(
        ran(&mock),
        [
            "helm history matillion-agent",
            "helm show chart",
            "helm status matillion-agent",
            "helm upgrade matillion-agent",
            "kubectl get deployments",
            "kubectl get deployments",
            "kubectl auth can-i",
        ]
    );
    let dry = &mock.runs()[3];
    assert!(dry.contains(&"--dry-run=client".to_owned()), "{dry:?}");
    assert_eq!(mock.contents("values"), VALUES);
}

#[test]
fn what_is_stored_is_compared() {
    let stale = VALUES.replace("s3cr", "other");
    let dry = |secret: &str| release(&config(secret));
    for (world, stored, said) in [
        (World::new(), Currency::Current, None),
        (
            World::new().values(&stale).answer("dry-run", dry("other")),
            Currency::Stale,
            Some("was upgraded from somewhere else"),
        ),
        (
            World::new().answer("status", release(&config("old"))),
            Currency::Stale,
            Some("an upgrade was missed"),
        ),
        (
            World::new()
                .values(&stale)
                .answer("dry-run", dry("other"))
                .answer("status", release(&config("old"))),
            Currency::Stale,
            None,
        ),
        (
            World::new()
                .values(&VALUES.replace("\"live-\\\"s3cr\\\\et{{é}}\"", "\"\""))
                .answer("dry-run", dry("")),
            Currency::Absent,
            Some("was upgraded from somewhere else"),
        ),
        (
            World::new().values(&VALUES.replace("live-id", "old-id")),
            Currency::Stale,
            Some("was upgraded from somewhere else"),
        ),
    ] {
        let plan = plan(world);
        assert_eq!(plan.stored, stored, "{plan:?}");
        assert_eq!(plan.warnings.len(), usize::from(said.is_some()), "{plan:?}");
        assert!(
            said.is_none_or(|said| plan.warnings[0].contains(said)),
            "{plan:?}"
        );
    }
}

#[test]
fn other_keys_and_a_release_of_another_name_are_understood() {
    let values = "runner:\n  id: live-id\n  secrets:\n    \"o.auth\": 'live-\"s3cr\\et{{é}}'\n";
    let config = json!({ "runner": { "id": "live-id", "secrets": { "o.auth": SECRET } } });
    let world = World::new()
        .values(values)
        .setting("key", "runner.secrets.o\\.auth")
        .setting("id_key", "runner.id")
        .setting("kube_context", "prod")
        .setting("deployment", "matillion-agent-app")
        .answer("status", release(&config))
        .answer("dry-run", release(&config));
    let (mock, current, target) = world.open();
    let plan = Helm::check(&mock, &target, &current).expect("a plan");
    assert_eq!(plan.stored, Currency::Current);
    assert_eq!(plan.warnings, [""; 0]);
    for argv in mock.runs() {
        let context = match argv[0].as_str() {
            "helm" => "--kube-context=prod",
            _ => "--context=prod",
        };
        assert!(
            argv.contains(&context.to_owned()) || argv[1] == "show",
            "{argv:?}"
        );
    }
}

#[test]
fn a_release_that_lacks_the_credential_alone_is_no_difference() {
    let bare = json!({ "cloudProvider": "gcp", "dpcAgent": { "replicas": 2 } });
    let plan = plan(World::new().answer("status", release(&bare)));
    assert_eq!(plan.stored, Currency::Stale);
}

#[test]
fn what_cant_be_confirmed_is_a_warning() {
    let mut edited = release(&config(SECRET));
    edited["manifest"] = json!("kind: Secret\nkind: More\n");
    for (world, said) in [
        (
            World::new().answer("dry-run", edited),
            "otherwise than they were installed",
        ),
        (
            World::new().values(&VALUES.replace("  oauthClientId: 'live-id'\n", "")),
            "has no config.oauthClientId",
        ),
        (
            World::new().text("runners", "matillion-agent-app\t\n"),
            "does not show AGENT_ID",
        ),
        (World::new().text("runners", ""), "does not show AGENT_ID"),
        (
            World::new().fails("may-restart", "no such command"),
            "can't be confirmed",
        ),
        (
            World::new().deployment(|d| {
                d["spec"]["template"]["spec"]["containers"][0]["image"] = json!("r/x:current")
            }),
            "may also upgrade the runner",
        ),
        (
            World::new().text(
                "runners",
                &format!("matillion-agent-app\t{RUNNER}\tOAUTH_CLIENT_SECRET\town\n"),
            ),
            "from the Secret own",
        ),
        (
            World::new().text(
                "runners",
                &format!("matillion-agent-app\t{RUNNER}\tOAUTH_CLIENT_SECRET\t\n"),
            ),
            "from the Deployment itself",
        ),
        (
            World::new().deployment(|d| d["status"]["updatedReplicas"] = json!(1)),
            "a rollout of matillion-agent-app is under way",
        ),
        (
            World::new().deployment(|d| d["status"]["observedGeneration"] = json!(2)),
            "a rollout of matillion-agent-app is under way",
        ),
        (
            World::new().deployment(|d| {
                d["spec"]["replicas"] = json!(0);
                d["status"] = json!({ "observedGeneration": 3 });
            }),
            "wants 0 pods",
        ),
    ] {
        let plan = plan(world);
        assert_eq!(plan.warnings.len(), 1, "{said}: {:?}", plan.warnings);
        assert!(
            plan.warnings[0].contains(said),
            "{said}: {}",
            plan.warnings[0]
        );
    }
}
