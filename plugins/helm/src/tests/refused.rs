use keyferry_sdk::FailureKind::{Denied, Missing, Rejected, Unavailable};
use keyferry_sdk::{Failure, Sink};
use serde_json::json;

use super::{SECRET, VALUES, World, config, deployment, release, revision};
use crate::Helm;

fn refused(world: World) -> Failure {
    let (mock, current, target) = world.open();
    let failure = Helm::check(&mock, &target, &current).expect_err("refused");
    assert!(!failure.message.contains("s3cr"), "{failure}");
    failure
}

#[test]
fn a_file_whose_value_cant_be_replaced_is_refused_with_the_remedy() {
    let secret = "\"live-\\\"s3cr\\\\et{{é}}\" # refreshed by keyferry";
    for (with, said) in [
        ("", "has no value; write `\"\"`"),
        ("~", "has no value"),
        ("null", "has no value"),
        ("{a: b}", "is a mapping or a list"),
        ("&s x\n  other: *s", "has an anchor that others repeat"),
        ("!vault x", "has the type `!vault`"),
        ("x\n  oauthClientSecret: y", "stands twice"),
        ("\"x", "is no YAML"),
    ] {
        let failure = refused(World::new().values(&VALUES.replace(secret, with)));
        assert_eq!(failure.kind, Rejected);
        assert!(failure.message.contains(said), "{said}: {failure}");
    }
    for (values, said) in [
        ("a: b\n", "has no config.oauthClientSecret"),
        (
            "a: &a {oauthClientSecret: x}\nconfig:\n  <<: *a\n",
            "what `<<` may merge in",
        ),
        (
            "a: &a {oauthClientSecret: x}\nconfig: *a\n",
            "an alias of a value that others share",
        ),
        (
            "a: b\n---\nconfig: {oauthClientSecret: x}\n",
            "later document",
        ),
        (
            "config:\n  oauthClientSecret: x\n  oauthClientId:\n",
            "config.oauthClientId in /srv/values.yaml has no value",
        ),
    ] {
        let failure = refused(World::new().values(values));
        assert_eq!(failure.kind, Rejected);
        assert!(failure.message.contains(said), "{said}: {failure}");
    }
}

#[test]
fn a_release_that_cant_be_upgraded_is_refused() {
    for (world, kind, said) in [
        (
            World::new().fails("history", "Error: release: not found"),
            Missing,
            "there is no release matillion-agent",
        ),
        (
            World::new()
                .fails("history", "unreachable")
                .fails("list", "unreachable"),
            Unavailable,
            "KUBECONFIG",
        ),
        (
            World::new()
                .fails("history", "secrets is forbidden")
                .fails("list", "secrets is forbidden")
                .text("may-store", "no\n"),
            Denied,
            "may not update secrets",
        ),
        (
            World::new()
                .fails("history", "odd")
                .answer("list", json!([{ "name": "matillion-agent" }])),
            Unavailable,
            "odd",
        ),
        (
            World::new().answer("history", json!([])),
            Rejected,
            "shows no revision",
        ),
        (
            World::new().answer("history", json!({})),
            Rejected,
            "something else than expected",
        ),
        (
            World::new().answer("history", json!([revision(7, "pending-upgrade")])),
            Rejected,
            "`helm rollback matillion-agent 6 --namespace matillion-agent`",
        ),
        (
            World::new().answer("history", json!([revision(1, "pending-install")])),
            Rejected,
            "`helm uninstall`",
        ),
        (
            World::new().answer("history", json!([revision(7, "failed")])),
            Rejected,
            "timed out waiting",
        ),
        (
            World::new().answer("history", json!([revision(7, "uninstalled")])),
            Missing,
            "is uninstalled",
        ),
        (
            World::new().answer("history", json!([revision(7, "unknown")])),
            Rejected,
            "the state unknown",
        ),
    ] {
        let failure = refused(world);
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains(said), "{said}: {failure}");
    }
}

#[test]
fn another_chart_than_the_installed_one_is_refused() {
    for (chart, said) in [
        (
            "name: matillion-runner\nversion: 0.7.0\n",
            "holds version 0.7.0 of it",
        ),
        (
            "name: matillion-agent\nversion: 0.6.0\n",
            "objects under other names",
        ),
        ("nothing: here\n", "objects under other names"),
    ] {
        let failure = refused(World::new().text("chart", chart));
        assert_eq!(failure.kind, Rejected);
        assert!(failure.message.contains(said), "{said}: {failure}");
    }
    let failure = refused(World::new().fails("chart", "Chart.yaml file is missing"));
    assert_eq!(failure.kind, Missing);
    assert!(
        failure.message.contains("Chart.yaml file is missing"),
        "{failure}"
    );
}

#[test]
fn an_upgrade_that_would_change_more_than_the_credential_is_refused() {
    let mut reset = config("your-secret");
    reset["dpcAgent"] = json!({ "env": { "agentId": "your-agent-id" }, "replicas": 2 });
    reset["cloudProvider"] = json!("<CloudProvider>");
    let failure = refused(World::new().answer("dry-run", release(&reset)));
    assert_eq!(failure.kind, Rejected);
    assert!(
        failure.message.contains(
            "more than the credential: cloudProvider, dpcAgent.env; put the release's own"
        ),
        "{failure}"
    );
    assert!(!failure.message.contains("your-"), "{failure}");

    let world = World::new()
        .setting("reuse_values", true)
        .answer("dry-run", release(&reset));
    let failure = refused(world);
    assert!(
        failure.message.contains("take out of /srv/values.yaml"),
        "{failure}"
    );

    let many: serde_json::Value = (0..9)
        .map(|n| (format!("k{n}"), json!(n)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let failure = refused(World::new().answer("dry-run", release(&many)));
    assert!(failure.message.contains(" more; "), "{failure}");

    let failure = refused(World::new().fails("dry-run", "execution error at secret.yaml"));
    assert_eq!(failure.kind, Rejected);
    assert!(failure.message.contains("execution error"), "{failure}");
    let failure = refused(World::new().fails("status", "unreachable"));
    assert_eq!(failure.kind, Unavailable);
}

#[test]
fn hidden_neighbours_are_compared_too() {
    let with = |key: &str| {
        let mut config = config(SECRET);
        config["scriptRunner"] = json!({ "privateKey": key });
        release(&config)
    };
    let world = World::new()
        .answer("status", with("a \"key\""))
        .answer("dry-run", with("a \"key\""));
    let (mock, current, target) = world.open();
    Helm::check(&mock, &target, &current).expect("equal, though hidden");
    let failure = refused(
        World::new()
            .answer("status", with("a \"key\""))
            .answer("dry-run", with("")),
    );
    assert!(
        failure.message.contains("scriptRunner.privateKey;"),
        "{failure}"
    );
}

#[test]
fn another_deployment_than_the_runners_is_refused() {
    let items =
        |items: serde_json::Value| World::new().answer("deployments", json!({ "items": items }));
    let mut second = deployment();
    second["metadata"]["name"] = json!("more");
    let other = "9fa85f64-5717-4562-b3fc-2c963f66afa6";
    for (world, kind, said) in [
        (
            items(json!([])),
            Missing,
            "app.kubernetes.io/instance=matillion-agent",
        ),
        (
            items(json!([deployment(), second])),
            Rejected,
            "several Deployments (matillion-agent-app, more)",
        ),
        (
            World::new().setting("deployment", "gone"),
            Missing,
            "no Deployment gone",
        ),
        (
            World::new().setting("deployment", "matillion-agent-script-runner"),
            Rejected,
            "is the script runner",
        ),
        (
            World::new().text("runners", &format!("matillion-agent-app\t{other}\n")),
            Rejected,
            "see `release` and the runner's id",
        ),
        (
            World::new().text(
                "runners",
                &format!("matillion-agent-app\t{other}\nthat\t{}\n", super::RUNNER),
            ),
            Rejected,
            "that one is run by that",
        ),
        (
            World::new().deployment(|d| d["spec"]["paused"] = json!(true)),
            Rejected,
            "is paused",
        ),
        (
            World::new().text("may-restart", "no\n"),
            Denied,
            "may not patch Deployments",
        ),
        (
            World::new().fails("deployments", "unreachable"),
            Unavailable,
            "unreachable",
        ),
        (
            World::new().fails("runners", "unreachable"),
            Unavailable,
            "unreachable",
        ),
    ] {
        let failure = refused(world);
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains(said), "{said}: {failure}");
    }
}

#[test]
fn a_programs_words_are_kept_short() {
    let long: &'static str = Box::leak("word ".repeat(1000).into_boxed_str());
    let failure = refused(World::new().fails("chart", long));
    assert!(
        failure.message.len() < 700 && failure.message.contains('…'),
        "{failure}"
    );
    let failure = refused(World::new().fails("chart", " \n"));
    assert!(failure.message.contains("it said nothing"), "{failure}");
}
