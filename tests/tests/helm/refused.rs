//! What the plan refuses, before anything is asked of the issuer but reads.

use std::fs;

use keyferry_tests::issuer::Pair;
use serde_json::{Value, json};

use super::world::{Wanted, World};

fn refused(world: &World, said: &[&str]) {
    world.refresh().expect(3).says(said);
    world.assert_untouched();
}

#[test]
fn an_upgrade_that_would_reset_what_was_set() {
    let wanted = Wanted {
        values: |_, pair: &Pair| keyferry_tests::helm::values("your-matillion-agent-id", pair),
        set: |id, _| {
            let set = format!(
                "dpcAgent.dpcAgent.env.agentId={id},dpcAgent.replicas=2,scriptRunner.privateKey=hidden-private-key"
            );
            vec!["--set".to_owned(), set]
        },
        ..Wanted::default()
    };
    let Some(world) = World::of(wanted) else {
        return;
    };
    refused(
        &world,
        &[
            "more than the credential",
            "dpcAgent.dpcAgent.env.agentId",
            "scriptRunner.privateKey",
            "reuse_values",
        ],
    );
    let ended = world.plan();
    assert!(!ended.stderr.contains("hidden-private-key"));
}

#[test]
fn a_chart_that_is_not_the_installed_one() {
    let Some(world) = World::new() else { return };
    let chart = world.installed.chart().join("Chart.yaml");
    let text = fs::read_to_string(&chart).expect("a chart");
    fs::write(&chart, text.replace("0.6.0", "0.7.0")).expect("written");
    refused(
        &world,
        &[
            "has the chart matillion-runner-0.6.0",
            "holds version 0.7.0",
        ],
    );
    fs::write(&chart, text.replace("matillion-runner", "matillion-agent")).expect("written");
    refused(&world, &["objects under other names"]);
    fs::write(&chart, &text).expect("written");
    // The same version, edited: a warning, since another helm writes it otherwise too.
    let templates = world.installed.chart().join("templates/secret.yaml");
    let edited = fs::read_to_string(&templates).expect("a template") + "  MORE: x\n";
    fs::write(templates, edited).expect("written");
    world
        .plan()
        .expect(0)
        .says(&["otherwise than they were installed"]);
}

#[test]
fn a_release_that_is_not_there_or_not_at_rest() {
    let wanted = Wanted {
        settings: json!({ "release": "another" }),
        ..Wanted::default()
    };
    let Some(world) = World::of(wanted) else {
        return;
    };
    refused(&world, &["there is no release another"]);

    let Some(world) = World::new() else { return };
    let path = format!(
        "/api/v1/namespaces/{}/secrets/sh.helm.release.v1.matillion-agent.v1",
        world.installed.namespace()
    );
    // As helm leaves it when it is ended in the middle: the state stands in the record itself.
    let record = world.installed.api().get(&path).expect("a record");
    let pending = pending(&record["data"]["release"]);
    let change = json!({ "metadata": { "labels": { "status": "pending-upgrade" } }, "data": { "release": pending } });
    world
        .installed
        .api()
        .patch(&path, &change)
        .expect("patched");
    refused(
        &world,
        &["pending-upgrade", "another helm is at work on it"],
    );
}

/// The record with another state: base64 of base64 of gzip of JSON.
fn pending(record: &Value) -> String {
    let script = "import base64,gzip,json,sys\n\
        d=json.loads(gzip.decompress(base64.b64decode(base64.b64decode(sys.stdin.read()))))\n\
        d['info']['status']='pending-upgrade'\n\
        print(base64.b64encode(base64.b64encode(gzip.compress(json.dumps(d).encode()))).decode())\n";
    let run = keyferry_tests::process::Run::new("python3").args(["-c", script]);
    let outcome = run
        .stdin(record.as_str().expect("text"))
        .finish()
        .expect("python");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome.stdout.trim().to_owned()
}

#[test]
fn a_file_that_holds_no_value_to_replace() {
    let Some(world) = World::new() else { return };
    let secret = keyferry_tests::helm::quoted(&world.first.client_secret);
    for (value, said) in [
        ("", "has no value"),
        ("*own", "found unknown anchor"),
        ("{a: b}", "is a mapping"),
    ] {
        let text = world.before.replace(&secret, value);
        world.installed.write_values(&text).expect("written");
        world.refresh().expect(3).says(&[said]);
    }
    world
        .installed
        .write_values(&world.before)
        .expect("written");
    world.assert_untouched();
}

#[test]
fn another_runners_deployment() {
    let wanted = Wanted {
        values: |_, pair: &Pair| {
            keyferry_tests::helm::values("9fa85f64-5717-4562-b3fc-2c963f66afa6", pair)
        },
        ..Wanted::default()
    };
    let Some(world) = World::of(wanted) else {
        return;
    };
    refused(
        &world,
        &["runs the runner 9fa85f64-5717-4562-b3fc-2c963f66afa6"],
    );
}

#[test]
fn a_script_runner_beside_is_neither_taken_nor_restarted() {
    let wanted = Wanted {
        values: |id, pair: &Pair| {
            let text = keyferry_tests::helm::values(id, pair);
            text.replace(
                "scriptRunner:\n  enabled: false",
                "scriptRunner:\n  enabled: true",
            )
        },
        ..Wanted::default()
    };
    let Some(world) = World::of(wanted) else {
        return;
    };
    let generation = |world: &World| {
        let path = format!(
            "/apis/apps/v1/namespaces/{}/deployments/matillion-agent-matillion-runner-script-runner",
            world.installed.namespace()
        );
        world.installed.api().get(&path).expect("a script runner")["metadata"]["generation"].clone()
    };
    let before = generation(&world);
    world.refresh().expect(0);
    world.assert_whole(1);
    assert_eq!(generation(&world), before);
}
