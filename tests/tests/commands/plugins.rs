//! `plugins`: what is configured, what it asks for, and the approval.

use std::fs;

use keyferry_tests::process::sink;
use keyferry_tests::world::World;
use serde_json::{Value, json};

use crate::has;

#[test]
fn list_shows_whether_each_may_run() {
    let world = World::with(
        |_| {},
        &[],
        |config| config.part("[plugins.gone]", &[("path", json!("gone.wasm"))]),
    );
    let states = |world: &World| -> Vec<Value> {
        let listed = world.json(&["plugins", "list"]).expect(0).json;
        has(
            &listed[0],
            &[
                "plugin",
                "sink",
                "state",
                "problem",
                "path",
                "approved_sha256",
            ],
        );
        listed
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| one["state"].clone())
            .collect()
    };
    assert_eq!(states(&world), ["not approved", "unusable"]);
    world.approve();
    assert_eq!(states(&world), ["approved", "unusable"]);
    let human = world.run(&["plugins", "list"]).stdout;
    assert!(
        human.contains("approved") && human.contains("aws-ecs"),
        "{human}"
    );
}

#[test]
fn inspect_shows_needs_and_settings_by_name_and_by_path() {
    let world = World::new(&[]);
    let by_name = world
        .json(&["plugins", "inspect", "aws-ecs"])
        .expect(0)
        .json;
    has(
        &by_name,
        &[
            "plugin",
            "sink",
            "version",
            "summary",
            "sha256",
            "size",
            "imports",
            "settings_schema",
            "needs",
        ],
    );
    let path = sink("aws-ecs").expect("a built sink").display().to_string();
    let by_path = world.json(&["plugins", "inspect", &path]).expect(0).json;
    assert_eq!(by_path["sha256"], by_name["sha256"]);
    assert_eq!(by_path["needs"], by_name["needs"]);
    let carrying = by_name["needs"].as_array().expect("needs").iter();
    let carrying = carrying.filter(|need| need.to_string().contains("\"carries_secret\":true"));
    assert_eq!(
        carrying.count(),
        1,
        "one need carries the secret: {}",
        by_name["needs"]
    );
    world
        .json(&["plugins", "inspect", "aws-esc"])
        .expect(1)
        .says(&["aws-ecs"]);
    assert!(
        !world.workspace.path().join("keyferry.lock").exists(),
        "looking approves nothing"
    );
}

#[test]
fn approve_pins_digest_and_needs_once() {
    let world = World::new(&[]);
    let lock = world.workspace.path().join("keyferry.lock");
    let unasked = world.run(&["plugins", "approve", "aws-ecs"]);
    assert_eq!(unasked.code, Some(2), "{}", unasked.stderr);
    assert!(
        unasked.stderr.contains("--yes") && !lock.exists(),
        "{}",
        unasked.stderr
    );

    let approved = world
        .json(&["plugins", "approve", "aws-ecs", "--yes"])
        .expect(0)
        .json;
    let text = fs::read_to_string(&lock).expect("a lock");
    let digest = approved["sha256"].as_str().expect("a digest");
    assert!(
        text.contains(digest) && text.contains("secretsmanager.PutSecretValue"),
        "{text}"
    );
    let again = world
        .json(&["plugins", "approve", "aws-ecs", "--yes"])
        .expect(0)
        .json;
    assert_eq!(again, approved);
    assert_eq!(fs::read_to_string(&lock).expect("a lock"), text);
    world
        .json(&["plugins", "approve", "aws-esc", "--yes"])
        .expect(1)
        .says(&["aws-ecs"]);
}
