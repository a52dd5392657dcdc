//! `init`: a first config from a few answers, for any sink, and never over one that is there.

use std::fs;

use keyferry_tests::issuer::{Issuer, RunnerSpec};
use keyferry_tests::process::{Config, Outcome, Workspace, sink};
use keyferry_tests::snowflake::Snowflake;
use keyferry_tests::world::{RUNNER, World};
use serde_json::{Value, json};

const ID: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

fn empty_folder() -> Workspace {
    let workspace = Workspace::new(&Config::default()).expect("a folder");
    fs::remove_file(workspace.config_path()).expect("a config");
    workspace
}

fn answered(workspace: &Workspace, arguments: &[&str], answers: &str) -> Outcome {
    let run = workspace.keyferry(arguments).expect("a built program");
    run.stdin(answers).finish().expect("it ends")
}

/// Answers to all that is asked before the sink's own questions.
fn beginning(id: &str, name: &str) -> String {
    let component = sink(name).expect("a built sink");
    format!("eu1\napi\n\n\n{id}\n\n{}\n", component.display())
}

fn written(workspace: &Workspace) -> String {
    fs::read_to_string(workspace.config_path()).expect("a config")
}

fn says(outcome: &Outcome, parts: &[&str]) {
    for part in parts {
        let said = &outcome.stderr;
        assert!(said.contains(part), "{part} in {said}");
    }
}

/// What init writes for a sink: answers, lines of the config, parts of what it says.
struct Case {
    sink: &'static str,
    answers: &'static str,
    lines: &'static [&'static str],
    says: &'static [&'static str],
}

const CASES: [Case; 5] = [
    Case {
        sink: "aws-ecs",
        answers: "eu-west-1\nmy cluster\nrunner\nmatillion-oauth-credentials\n\n",
        lines: &[
            "kind = \"aws\" ",
            "# profile = ",
            "region = \"eu-west-1\"",
            "cluster = \"my cluster\"",
            "service = \"runner\"",
            "secret_id = \"matillion-oauth-credentials\"",
            "# The key of the secret's JSON that holds the client secret.",
            "# client_secret_key = \"client_secret\"",
            "# client_id_key = \"client_id\"",
        ],
        says: &["Name or ARN of the ECS cluster: "],
    },
    Case {
        sink: "azure-container-apps",
        answers: "3fa85f64-5717-4562-b3fc-2c963f66afa6\nrg\nrunner\nrestart\nnew-revision\n",
        lines: &[
            "kind = \"azure\" ",
            "# method = \"cli\"",
            "resource_group = \"rg\"",
            "restart = \"new-revision\"",
            "# secret = \"…\"",
        ],
        says: &["revision: Every active revision is restarted"],
    },
    Case {
        sink: "helm",
        answers: "/srv/chart\n/srv/etl/values-gcp.yaml\nreuse_values\nyes\ntrue\n\n",
        lines: &[
            "folders = [\"/srv/etl\"]",
            "environment = [\"PATH\", \"HOME\", \"KUBECONFIG\"]",
            "values = \"/srv/etl/values-gcp.yaml\"",
            "reuse_values = true",
            "# release = \"matillion-agent\"",
            "# wait_for_old = false   # true, false",
            "# deployment = \"…\"",
        ],
        says: &[
            "that is none of them",
            "/srv/etl/values-gcp.yaml [/srv/etl]: ",
        ],
    },
    Case {
        sink: "snowflake",
        answers: "myorg-a1\nDB.S.\"odd \\ 'name'\"\nADMIN\nservice\nservice\nDB.S.RUNNER\n\n\nKEYFERRY\nkey.p8\n",
        lines: &[
            "account = \"myorg-a1\"",
            "user = \"KEYFERRY\"",
            "private_key = { file = \"key.p8\" }",
            "# private_key_passphrase = { env = ",
            "restart = \"service\"",
            "service = \"DB.S.RUNNER\"",
            "# procedure = \"…\"",
        ],
        says: &["Account, as in its address [myorg-a1]: "],
    },
    Case {
        sink: "snowflake",
        answers: "myorg-a1\nDB.S.N\nADMIN\nnever\nnone\n\naccess-token\n\n",
        lines: &[
            "method = \"access-token\"",
            "token = { env = \"SNOWFLAKE_TOKEN\" }",
            "restart = \"none\"",
        ],
        says: &["that is none of them", "export SNOWFLAKE_TOKEN=…"],
    },
];

#[test]
fn the_answers_for_any_sink_become_a_config_that_loads_and_can_be_approved() {
    for case in &CASES {
        let workspace = empty_folder();
        let answers = beginning(ID, case.sink) + case.answers;
        let outcome = answered(&workspace, &["init"], &answers);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        says(&outcome, case.says);
        says(
            &outcome,
            &["export MATILLION_CLIENT_SECRET=…", "keyferry plan etl-prod"],
        );
        let approve = format!("keyferry plugins approve {}", case.sink);
        says(&outcome, &[&approve]);
        let text = written(&workspace);
        for line in case.lines {
            assert!(
                text.lines().any(|own| own.starts_with(line)),
                "{line} in\n{text}"
            );
        }
        let history = answered(&workspace, &["history", "--output", "json"], "");
        assert_eq!(history.code, Some(0), "{}\n{text}", history.stderr);
        assert_eq!(history.stdout.trim(), "[]");
        let approved = answered(&workspace, &["plugins", "approve", case.sink, "--yes"], "");
        assert_eq!(approved.code, Some(0), "{}\n{text}", approved.stderr);
    }
}

/// The config that init wrote, but for a stand-in's addresses in the place of the issuer's.
fn redirected(config: Config, issuer: &Issuer, text: &str) -> Config {
    let addresses = format!(
        "base_url = {}\ntoken_url = {}",
        Value::from(issuer.base_url()),
        Value::from(issuer.token_url())
    );
    let text = text.replacen("region = \"eu1\"", &addresses, 1);
    let api = format!(
        "client_id = {}",
        Value::from(issuer.api_credential().client_id)
    );
    config.replaced(&text.replacen("client_id = \"api\"", &api, 1))
}

#[test]
fn what_was_answered_for_aws_is_enough_for_a_refresh() {
    let mut world = World::new(&[]);
    fs::remove_file(world.workspace.config_path()).expect("a config");
    let (region, etl) = (world.aws.region(), &world.etl);
    let answers = beginning(&world.id, "aws-ecs")
        + &format!(
            "{region}\n{}\n{}\n{}\n\n",
            etl.cluster, etl.service, etl.secret_id
        );
    let outcome = answered(&world.workspace, &["init"], &answers);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let text = written(&world.workspace);
    let config = redirected(world.config.clone(), &world.issuer, &text);
    let host = |service: &str| format!("https://{service}.{region}.amazonaws.com");
    let origin = world.aws.origin();
    let config = config
        .route(&host("secretsmanager"), &origin)
        .route(&host("ecs"), &origin);
    world.workspace.rewrite(&config).expect("a config");
    world.approve();
    world.json(&["plan", RUNNER]).expect(0);
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn what_was_answered_for_snowflake_is_enough_for_a_plan() {
    let issuer = Issuer::start().expect("an issuer");
    let spec = RunnerSpec::on(RUNNER, "snowflake", "native app");
    let id = spec.id.clone();
    let pair = issuer.add_runner(spec);
    let snowflake = Snowflake::start_with(issuer.runner_hook()).expect("an account");
    let app = snowflake.seed_app(&id, &pair.client_id, &pair.client_secret);
    let account = snowflake.account();
    let mut workspace = empty_folder();
    let answers = beginning(&id, "snowflake")
        + &format!(
            "{account}\n{}\n{}\nservice\nservice\n",
            app.secret, app.role
        )
        + &format!("{}\naccess-token\n\n", app.service);
    let outcome = answered(&workspace, &["init"], &answers);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let config = redirected(Config::new(&issuer), &issuer, &written(&workspace))
        .route(
            &format!("https://{account}.snowflakecomputing.com"),
            &snowflake.origin(),
        )
        .env("SNOWFLAKE_TOKEN", &snowflake.access_token());
    workspace.rewrite(&config).expect("a config");
    let approve = ["plugins", "approve", "snowflake", "--yes"];
    assert_eq!(answered(&workspace, &approve, "").code, Some(0));
    let plan = answered(&workspace, &["plan", RUNNER, "--output", "json"], "");
    assert_eq!(plan.code, Some(0), "{}", plan.stderr);
    let document: Value = serde_json::from_str(&plan.stdout).expect("a document");
    assert_eq!(document["outcome"], json!("ready"));
}

#[test]
fn what_cannot_be_right_is_asked_again_with_the_reason() {
    let workspace = empty_folder();
    let path = sink("aws-ecs").expect("a built sink").display().to_string();
    fs::write(workspace.path().join("text.wasm"), "no component").expect("a file");
    let answers = format!(
        "eu9\nus1\napi\nnot a variable\nA_B\nno name\n\nno uuid\n{ID}\npause\n\
         nowhere.wasm\ntext.wasm\n{path}\n\
         Ireland\neu-west-1\n\nc\ns\nsecret\nregion\n\n"
    );
    let outcome = answered(&workspace, &["init"], &answers);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    says(
        &outcome,
        &[
            "that is none of them",
            "not the secret itself",
            "letters, digits",
            "that is no UUID",
            "nowhere.wasm",
            "text.wasm",
            "\"Ireland\" does not match",
            "this is needed",
            "`region` is none of them",
            "export A_B=…",
        ],
    );
    let asked = outcome
        .stderr
        .matches("Path of the sink's component")
        .count();
    assert_eq!(asked, 3, "{}", outcome.stderr);
    let text = written(&workspace);
    for line in [
        "region = \"us1\"",
        "region = \"eu-west-1\"",
        "drain = \"pause\"",
    ] {
        assert!(
            text.lines().any(|own| own.starts_with(line)),
            "{line} in\n{text}"
        );
    }
}

#[test]
fn a_component_is_found_from_the_configs_folder_as_it_will_be() {
    let workspace = empty_folder();
    let folder = workspace.path().join("etc");
    fs::create_dir(&folder).expect("a folder");
    let component = sink("aws-ecs").expect("a built sink");
    fs::copy(component, folder.join("own.wasm")).expect("a copy");
    let answers = format!("eu1\napi\n\n\n{ID}\n\nown.wasm\neu-west-1\nc\ns\nx\n\n");
    let config = ["--config", "etc/keyferry.toml"];
    let outcome = answered(&workspace, &[&["init"], &config[..]].concat(), &answers);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let approve = ["plugins", "approve", "aws-ecs", "--yes"];
    let approved = answered(&workspace, &[&approve[..], &config].concat(), "");
    assert_eq!(approved.code, Some(0), "{}", approved.stderr);
}

#[test]
fn a_config_that_is_there_stays() {
    let workspace = Workspace::new(&Config::default().raw("# mine\n")).expect("a folder");
    let outcome = answered(&workspace, &["init"], "eu1\n");
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    says(&outcome, &["--force"]);
    assert_eq!(written(&workspace), "# mine\n");
}

#[test]
fn answers_that_end_too_early_write_nothing() {
    let whole = beginning(ID, "snowflake") + "myorg-a1\nDB.S.N\nADMIN\nnone\n\n\n\nKEYFERRY\nk\n";
    let lines: Vec<&str> = whole.lines().collect();
    for end in [0, 2, 6, 7, 9, 11, 12, lines.len() - 1] {
        let workspace = empty_folder();
        let outcome = answered(&workspace, &["init"], &(lines[..end].join("\n") + "\n"));
        assert_eq!(outcome.code, Some(2), "{end}: {}", outcome.stderr);
        assert!(!workspace.config_path().exists(), "{end}");
    }
}

#[test]
fn what_quoting_gets_wrong_comes_back_from_the_file() {
    let workspace = empty_folder();
    let odd = "arn:aws:ecs:eu-west-1:1:cluster/a\"b\\c'd#e";
    let answers = beginning(ID, "aws-ecs") + &format!("eu-west-1\n{odd}\nrunner\nsecret\n\n");
    assert_eq!(answered(&workspace, &["init"], &answers).code, Some(0));
    assert_eq!(answered(&workspace, &["history"], "").code, Some(0));
    let text = written(&workspace);
    assert!(text.contains("a\"b") || text.contains("a\\\"b"), "{text}");
}
