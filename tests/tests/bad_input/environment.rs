//! What keyferry stands on: variables, files, programs, the state directory.

use std::fs;

use keyferry_tests::world::World;

use crate::{refused, text, wrong};

const SOURCE: &str = "client_secret = { \"env\" = \"MATILLION_CLIENT_SECRET\" }";

#[test]
fn a_missing_variable_is_named() {
    let world = wrong(text("MATILLION_CLIENT_SECRET", "MATILLION_SECRET_OF_MINE"));
    refused(&world, 1, &["MATILLION_SECRET_OF_MINE", "not set"]);
    let empty = wrong(|config| config.env("MATILLION_CLIENT_SECRET", ""));
    refused(&empty, 1, &["MATILLION_CLIENT_SECRET", "not set or empty"]);
}

#[test]
fn a_file_that_can_not_be_read_is_named() {
    let world = wrong(text(
        SOURCE,
        "client_secret = { file = \"nowhere/secret\" }",
    ));
    refused(&world, 1, &["nowhere/secret", "can't be read"]);
    let folder = wrong(text(SOURCE, "client_secret = { file = \"home\" }"));
    refused(&folder, 1, &["home", "can't be read"]);
}

#[test]
fn a_program_that_fails_is_named_without_what_it_said() {
    let world = wrong(text(SOURCE, "client_secret = { command = [\"false\"] }"));
    refused(&world, 1, &["`false`", "failed"]);
    let missing = wrong(text(
        SOURCE,
        "client_secret = { command = [\"no-such-program\"] }",
    ));
    refused(&missing, 1, &["no-such-program", "can't be run"]);
}

#[test]
fn a_journal_from_a_newer_version_is_left_alone() {
    let world = World::approved(&[]);
    world.json(&["history"]).expect(0);
    let path = world.workspace.state_path().join("journal.db");
    let mut bytes = fs::read(&path).expect("a journal");
    // SQLite's header holds the version of the tables, big-endian.
    bytes[60..64].copy_from_slice(&99u32.to_be_bytes());
    fs::write(&path, &bytes).expect("written");
    refused(&world, 1, &["form 99", "newer"]);
    for command in [["resume"].as_slice(), &["history"], &["status"]] {
        world.json(command).expect(1).says(&["newer"]);
    }
    assert!(
        fs::read(&path).expect("a journal") == bytes,
        "nothing was changed"
    );
}

#[test]
fn a_journal_that_is_none_is_left_alone() {
    let world = World::approved(&[]);
    let path = world.workspace.state_path().join("journal.db");
    fs::write(
        &path,
        "this is no database, and long enough to look at as one",
    )
    .expect("written");
    refused(&world, 1, &["journal.db", "state directory"]);
}

#[test]
fn a_state_directory_that_can_not_be_made() {
    let world = World::approved(&[]);
    let file = world.workspace.path().join("taken");
    fs::write(&file, "").expect("written");
    let below = file.join("state").display().to_string();
    let ended = world.json(&["--state-dir", &below, "refresh", "etl-prod", "--yes"]);
    ended.expect(1).says(&["taken"]);
    world.assert_untouched();
}

#[test]
fn a_store_that_does_not_know_the_key() {
    let world = wrong(|config| config.env("AWS_SECRET_ACCESS_KEY", "wrong/wrong+wrong"));
    world.approve();
    refused(
        &world,
        3,
        &[
            "SignatureDoesNotMatch",
            "see that the identity in use is valid",
        ],
    );
}

#[test]
fn no_cloud_credential_at_all() {
    let world = wrong(|config| {
        config
            .env("AWS_ACCESS_KEY_ID", "")
            .env("AWS_SECRET_ACCESS_KEY", "")
    });
    world.approve();
    refused(
        &world,
        3,
        &["AWS's default chain", "aws sts get-caller-identity"],
    );
}

#[test]
fn a_place_that_is_not_there() {
    let world = wrong(text("\"service\" = \"runner\"", "\"service\" = \"runnr\""));
    world.approve();
    refused(&world, 3, &["runnr"]);
    let secret = wrong(text("matillion-oauth-credentials", "matillion-oauth"));
    secret.approve();
    refused(
        &secret,
        3,
        &["ResourceNotFoundException", "see the names and the region"],
    );
}
