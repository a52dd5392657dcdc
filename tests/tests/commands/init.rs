//! `init`: a first config from a few answers, and never over one that is there.

use std::fs;

use keyferry_tests::world::World;

const ID: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

fn empty_folder() -> World {
    let world = World::new(&[]);
    fs::remove_file(world.workspace.config_path()).expect("a config");
    world
}

fn answered(world: &World, arguments: &[&str], answers: &str) -> keyferry_tests::process::Outcome {
    let run = world
        .workspace
        .keyferry(arguments)
        .expect("a built program");
    run.stdin(answers).finish().expect("it ends")
}

#[test]
fn the_answers_become_a_config_that_loads() {
    let world = empty_folder();
    // Enter takes what is proposed; what can't be right is asked again.
    let answers = format!(
        "eu9\nus1\napi-client-id\nnot a variable\n\n\nno uuid\n{ID}\npause\n\n\nmy cluster\nrunner\n\n"
    );
    let outcome = answered(&world, &["init"], &answers);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let text = fs::read_to_string(world.workspace.config_path()).expect("a config");
    for line in [
        "region = \"us1\"",
        "client_id = \"api-client-id\"",
        &format!("id = \"{ID}\""),
        "cluster = \"my cluster\"",
        "secret_id = \"matillion-oauth-credentials\"",
    ] {
        assert!(text.lines().any(|own| own == line), "{line} in\n{text}");
    }
    assert!(text.contains("drain = \"pause\""), "{text}");
    for part in [
        "that is none of them",
        "that is no UUID",
        "keyferry plugins approve aws-ecs",
        "keyferry plan etl-prod",
    ] {
        assert!(
            outcome.stderr.contains(part),
            "{part} in {}",
            outcome.stderr
        );
    }
    let loaded = world.json(&["history"]).expect(0);
    assert_eq!(loaded.json, serde_json::json!([]));
}

#[test]
fn a_config_that_is_there_stays() {
    let world = World::new(&[]);
    let before = fs::read(world.workspace.config_path()).expect("a config");
    let outcome = answered(&world, &["init"], "eu1\n");
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("--force"), "{}", outcome.stderr);
    assert!(fs::read(world.workspace.config_path()).expect("a config") == before);
}

#[test]
fn answers_that_end_too_early_write_nothing() {
    let world = empty_folder();
    let outcome = answered(&world, &["init"], "eu1\nclient\n");
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert!(!world.workspace.config_path().exists());
}

#[test]
fn what_quoting_gets_wrong_comes_back_from_the_file() {
    let world = empty_folder();
    let odd = "arn:aws:ecs:eu-west-1:1:cluster/a\"b\\c'd#e";
    let answers = format!("eu1\napi\n\n\n{ID}\n\n\n\n{odd}\nrunner\n\n");
    assert_eq!(answered(&world, &["init"], &answers).code, Some(0));
    world.json(&["history"]).expect(0);
    let text = fs::read_to_string(world.workspace.config_path()).expect("a config");
    assert!(text.contains("a\"b") || text.contains("a\\\"b"), "{text}");
}
