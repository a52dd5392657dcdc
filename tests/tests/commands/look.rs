//! `status`, `history` and `verify`: they look, and change nothing.

use keyferry_tests::issuer::{Endpoint, Fault};
use keyferry_tests::world::{RUNNER, World};
use serde_json::json;

use crate::has;

#[test]
fn status_shows_the_issuer_s_word_and_where_the_last_refresh_stands() {
    let world = World::approved(&[]);
    let before = world.json(&["status"]).expect(0).json;
    has(
        &before[0],
        &[
            "runner",
            "runner_id",
            "status",
            "connected",
            "sink",
            "last",
            "problem",
            "refreshed_at",
        ],
    );
    assert_eq!(before[0]["runner"], json!(RUNNER));
    assert_eq!(before[0]["last"], json!(null));
    assert_eq!(before[0]["status"], "running");
    assert!(world.run(&["status"]).stdout.contains("never"));
    world.assert_untouched();

    world.refresh().expect(0);
    let after = world.json(&["status"]).expect(0).json;
    assert_eq!(
        (&after[0]["last"], &after[0]["connected"]),
        (&json!("done"), &json!(true))
    );
    assert!(after[0]["refreshed_at"].is_string());

    world
        .issuer
        .change_runner(&world.id, |runner| runner.connected = false);
    let human = world.run(&["status"]);
    assert_eq!(human.code, Some(0), "{}", human.stderr);
    for part in ["RUNNER", "etl-prod", "NOT connected", "aws-ecs", "done"] {
        assert!(human.stdout.contains(part), "{part} in {}", human.stdout);
    }
}

#[test]
fn status_says_what_it_can_while_the_issuer_can_not_be_asked() {
    let world = World::approved(&[]);
    world.refresh().expect(0);
    world
        .issuer
        .fail_times(Endpoint::GetRunner, Fault::ErrorBefore(503), 100);
    let ended = world.json(&["status"]).expect(1).says(&["503"]);
    assert_eq!(ended.json[0]["status"], json!(null));
    assert_eq!(ended.json[0]["last"], "done");
}

#[test]
fn history_tells_the_story_of_each_attempt() {
    let world = World::approved(&[]);
    assert_eq!(world.json(&["history"]).expect(0).json, json!([]));
    world.refresh().expect(0);
    world.refresh().expect(0);
    let all = world.json(&["history"]).expect(0).json;
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    has(
        &all[0],
        &[
            "attempt",
            "runner",
            "runner_id",
            "kind",
            "outcome",
            "phase",
            "problem",
            "opened_at",
            "closed_at",
            "plugin",
            "plugin_sha256",
            "location",
            "version",
            "fingerprint_before",
            "fingerprint",
            "window_ms",
            "steps",
        ],
    );
    has(&all[0]["steps"][0], &["at", "phase", "what"]);
    let one = world
        .json(&["history", RUNNER, "--limit", "1"])
        .expect(0)
        .json;
    assert_eq!(one, json!([all[0]]));
    assert_eq!(
        world.json(&["history", "etl-test"]).expect(0).json,
        json!([])
    );
    let human = world.run(&["history", "--steps"]).stdout;
    for part in [
        "WHEN",
        "OUTCOME",
        "done",
        "refresh",
        "about to ask the issuer",
        "read back",
    ] {
        assert!(human.contains(part), "{part} in {human}");
    }
}

#[test]
fn verify_tells_whether_the_right_secret_is_stored() {
    let world = World::approved(&[]);
    let good = world.json(&["verify", RUNNER]).expect(0).json;
    has(
        &good,
        &[
            "runner",
            "runner_id",
            "location",
            "stored",
            "fingerprint",
            "warnings",
            "exit",
        ],
    );
    assert_eq!(good["stored"], "current");

    world.issuer.refresh_behind(&world.id);
    let stale = world.json(&["verify", RUNNER]).expect(5).json;
    assert_eq!(stale["stored"], "stale");
    assert_ne!(stale["fingerprint"], good["fingerprint"]);
    let human = world.run(&["verify", RUNNER]);
    assert_eq!(human.code, Some(5));
    assert!(
        human.stdout.contains("keyferry reconcile"),
        "{}",
        human.stdout
    );

    world.aws.put_secret(&world.etl.secret_id, "{\"other\":1}");
    let absent = world.json(&["verify", RUNNER]).json;
    assert_eq!(absent["stored"], "absent", "{absent}");
    assert_eq!(
        world.json(&["history"]).expect(0).json,
        json!([]),
        "nothing was begun"
    );
}

#[test]
fn completions_are_there_for_every_shell() {
    let world = World::new(&[]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let outcome = world.run(&["completions", shell]);
        assert_eq!(outcome.code, Some(0), "{shell}: {}", outcome.stderr);
        assert!(outcome.stdout.contains("reconcile"), "{shell}");
    }
    let script = world.run(&["completions", "bash"]).stdout;
    let bash = keyferry_tests::process::Run::new("bash")
        .args(["-n"])
        .stdin(script);
    let checked = bash.finish().expect("bash");
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
}
