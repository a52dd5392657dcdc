//! `doctor`: every part, and what to do about each that is wrong.

use std::fs;

use keyferry_tests::process::Config;
use keyferry_tests::world::World;
use serde_json::{Value, json};

/// What was found about one part.
fn part<'a>(document: &'a Value, name: &str) -> &'a Value {
    let parts = document["parts"].as_array().expect("parts");
    let found = parts.iter().find(|part| part["part"] == name);
    found.unwrap_or_else(|| panic!("no part {name} in {document}"))
}

fn sick(change: impl FnOnce(Config) -> Config, name: &str, says: &[&str]) {
    let world = World::with(|_| {}, &[], change);
    world.approve();
    let ended = world.json(&["doctor"]).expect(1);
    let found = part(&ended.json, name);
    assert_eq!(found["ok"], json!(false), "{found}");
    for says in says {
        assert!(
            found["detail"].to_string().contains(says),
            "{says} in {found}"
        );
    }
    world.assert_untouched();
}

#[test]
fn a_healthy_world() {
    let world = World::approved(&[]);
    let ended = world.json(&["doctor"]).expect(0);
    for name in [
        "config",
        "journal",
        "issuer",
        "plugin aws-ecs",
        "runner etl-prod",
    ] {
        assert_eq!(part(&ended.json, name)["ok"], json!(true), "{name}");
    }
    let human = world.run(&["doctor"]);
    assert_eq!(human.code, Some(0), "{}", human.stderr);
    assert_eq!(human.stdout.matches('✓').count(), 5, "{}", human.stdout);
    world.assert_untouched();
}

#[test]
fn an_api_credential_that_is_wrong() {
    let change = |config: Config| config.env("MATILLION_CLIENT_SECRET", "wrong-wrong-wrong");
    sick(change, "issuer", &["401", "client_id and client_secret"]);
    sick(change, "runner etl-prod", &["the issuer can't be asked"]);
}

#[test]
fn no_cloud_credential() {
    let change = |config: Config| {
        config
            .env("AWS_ACCESS_KEY_ID", "")
            .env("AWS_SECRET_ACCESS_KEY", "")
    };
    sick(change, "runner etl-prod", &["aws sts get-caller-identity"]);
}

#[test]
fn settings_that_break_the_schema() {
    let change = |config: Config| {
        let text = config
            .text()
            .replace("eu-west-1\", \"cluster", "EU\", \"cluster");
        config.replaced(&text)
    };
    sick(change, "runner etl-prod", &["/region"]);
}

#[test]
fn a_plugin_that_is_not_approved() {
    let world = World::new(&[]);
    let ended = world.json(&["doctor"]).expect(1);
    let found = part(&ended.json, "plugin aws-ecs");
    assert!(
        found["detail"]
            .to_string()
            .contains("keyferry plugins approve aws-ecs"),
        "{found}"
    );
    let human = world.run(&["doctor"]);
    assert_eq!(human.code, Some(1));
    assert!(
        human.stdout.contains("✗ plugin aws-ecs"),
        "{}",
        human.stdout
    );
}

#[test]
fn a_config_that_can_not_be_read() {
    let world = World::new(&[]);
    fs::write(
        world.workspace.config_path(),
        "[matillion]\nregoin = \"eu1\"\n",
    )
    .expect("written");
    let ended = world.json(&["doctor"]).expect(1);
    let found = part(&ended.json, "config");
    assert!(
        found["detail"]
            .to_string()
            .contains("did you mean `region`"),
        "{found}"
    );
}
