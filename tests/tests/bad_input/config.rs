//! The config file: the line, what is wrong, the nearest word, what would be right.

use keyferry_tests::world::RUNNER;
use serde_json::json;

use crate::{refused, text, wrong};

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_one() {
    let world = wrong(text("plugin = \"aws-ecs\"", "plugni = \"aws-ecs\""));
    let line = world
        .config
        .text()
        .lines()
        .position(|line| line.starts_with("plugni"));
    let place = format!("keyferry.toml:{}:1", line.expect("a line") + 1);
    refused(
        &world,
        1,
        &[&place, "unknown key `plugni`", "did you mean `plugin`"],
    );
}

#[test]
fn what_is_no_toml_is_pointed_at() {
    let world = wrong(|config| config.raw("[runners.next]\nid = 1a\n"));
    refused(&world, 1, &["keyferry.toml:", "not TOML"]);
}

#[test]
fn values_that_can_not_be_meant() {
    let region = |config: keyferry_tests::process::Config| {
        let kept: Vec<&str> = config
            .text()
            .lines()
            .filter(|line| !line.starts_with("base_url") && !line.starts_with("token_url"))
            .collect();
        let text = kept
            .join("\n")
            .replace("[matillion]", "[matillion]\nregion = \"eu2\"");
        config.replaced(&text)
    };
    refused(
        &wrong(region),
        1,
        &["region = \"eu2\"", "is no region", "did you mean `eu1`"],
    );
    let drain = |config: keyferry_tests::process::Config| {
        let text = config.text().replace(
            "plugin = \"aws-ecs\"",
            "plugin = \"aws-ecs\"\ndrain = \"pawse\"",
        );
        config.replaced(&text)
    };
    refused(&wrong(drain), 1, &["pawse", "did you mean `pause`"]);
    refused(
        &wrong(text("plugin = \"aws-ecs\"", "plugin = \"aws-ec2\"")),
        1,
        &[
            "aws-ec2",
            "names no configured plugin",
            "did you mean `aws-ecs`",
        ],
    );
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let secret = "pR5sVq2x-secret-in-the-wrong-place";
    let world = wrong(text(
        "client_secret = { \"env\" = \"MATILLION_CLIENT_SECRET\" }",
        &format!("client_secret = \"{secret}\""),
    ));
    let ended = world
        .refresh()
        .expect(1)
        .says(&["may not stand in this file", "env ="]);
    assert!(!ended.stderr.contains("pR5sVq2x"), "{}", ended.stderr);
    world.assert_untouched();
}

#[test]
fn a_runner_that_is_not_configured() {
    let world = wrong(|config| config);
    let ended = world.json(&["refresh", "etl-pord", "--yes"]).expect(1);
    ended.says(&["no runner `etl-pord`", "did you mean `etl-prod`"]);
    world
        .json(&["resume", "etl-pord"])
        .expect(1)
        .says(&["etl-pord"]);
    world.assert_untouched();
}

#[test]
fn a_config_that_is_not_there() {
    let world = wrong(|config| config);
    std::fs::remove_file(world.workspace.config_path()).expect("a config");
    refused(&world, 1, &["keyferry.toml", "can't be read"]);
}

#[test]
fn settings_that_break_the_schema_are_pointed_at() {
    let world = wrong(text(
        "\"region\" = \"eu-west-1\"",
        "\"region\" = \"EU WEST\"",
    ));
    world.approve();
    refused(
        &world,
        1,
        &["settings of runner `etl-prod`", "/region", "EU WEST"],
    );
    let unknown = wrong(text("\"secret_id\" =", "\"secretid\" ="));
    unknown.approve();
    refused(
        &unknown,
        1,
        &["secretid", "did you mean `secret_id`", "required"],
    );
    let attempt = unknown.json(&["history", RUNNER]).expect(0).json;
    assert_eq!(attempt, json!([]), "nothing was begun");
}
