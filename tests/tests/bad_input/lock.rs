//! Approvals: a plugin that was never approved, another file under its name, other needs.

use std::fs;

use keyferry_tests::process::sink;
use keyferry_tests::world::{RUNNER, World};

use crate::refused;

/// A world whose plugin is a copy that the test may change.
fn copied() -> World {
    let world = World::with(
        |_| {},
        &[],
        |config| {
            let text = config.text().to_owned();
            let path = text
                .lines()
                .find(|line| line.starts_with("path = "))
                .expect("a path");
            let text = text.replace(path, "path = \"plugin.wasm\"");
            config.replaced(&text)
        },
    );
    let component = sink("aws-ecs").expect("a built sink");
    fs::copy(component, world.workspace.path().join("plugin.wasm")).expect("copied");
    world
}

#[test]
fn a_plugin_that_was_never_approved_is_not_run() {
    let world = World::new(&[]);
    refused(
        &world,
        1,
        &["not approved yet", "keyferry plugins approve aws-ecs"],
    );
}

#[test]
fn another_file_is_not_run() {
    let world = copied();
    world.approve();
    let path = world.workspace.path().join("plugin.wasm");
    let mut bytes = fs::read(&path).expect("a component");
    // A custom section more: as good a component as before, and not the one approved.
    bytes.extend_from_slice(&[0, 3, 1, b'x', 0]);
    fs::write(&path, bytes).expect("written");
    let says = [
        "not the file that was approved",
        "keyferry plugins approve aws-ecs",
    ];
    refused(&world, 1, &says);
    let listed = world.json(&["plugins", "list"]).expect(0).json;
    assert_eq!(listed[0]["state"], "CHANGED since approved");

    let again = world
        .json(&["plugins", "approve", "aws-ecs", "--yes"])
        .expect(0);
    again.says(&["Approved before", "nothing; the file is another one"]);
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn needs_beyond_those_approved_are_shown_and_refused() {
    let world = World::approved(&[]);
    let lock = world.workspace.path().join("keyferry.lock");
    let text = fs::read_to_string(&lock).expect("a lock");
    let narrowed = text.replace(
        "secretsmanager.PutSecretValue",
        "secretsmanager.TagResource",
    );
    assert_ne!(text, narrowed);
    fs::write(&lock, narrowed).expect("written");
    let says = [
        "asks for more or other things",
        "+ POST",
        "PutSecretValue",
        "- POST",
        "TagResource",
    ];
    refused(&world, 1, &says);
}

#[test]
fn a_lock_file_that_is_none() {
    let world = World::approved(&[]);
    let lock = world.workspace.path().join("keyferry.lock");
    fs::write(&lock, "version = 1\nplugni = 3\n").expect("written");
    refused(
        &world,
        1,
        &[
            "keyferry.lock",
            "not a lock file",
            "keyferry plugins approve",
        ],
    );
    fs::write(&lock, "version = 7\n").expect("written");
    refused(&world, 1, &["keyferry.lock", "form 7", "newer"]);
    let approving = world
        .json(&["plugins", "approve", "aws-ecs", "--yes"])
        .expect(1);
    approving.says(&["newer"]);
    assert_eq!(fs::read_to_string(&lock).expect("a lock"), "version = 7\n");
    world.json(&["refresh", RUNNER, "--yes"]).expect(1);
}
