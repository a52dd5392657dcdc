//! What a right file becomes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::config::{Auth, Drain, Identity, Limits, SecretSource};

#[test]
fn the_smallest_file() {
    let config = good(ISSUER);
    assert_eq!(
        config.matillion.base_url.as_str(),
        "https://eu1.api.matillion.com/dpc"
    );
    assert_eq!(
        config.matillion.token_url.as_str(),
        "https://id.core.matillion.com/oauth/dpc/token"
    );
    assert_eq!(config.matillion.client_id, "id");
    assert_eq!(
        config.matillion.client_secret,
        SecretSource::Env("S".to_owned())
    );
    assert_eq!(config.folder(), Path::new("/etc/keyferry"));
    assert!(config.runners.is_empty() && config.journal.recipients.is_empty());
}

#[test]
fn a_runner_has_careful_defaults() {
    let config = good(&[ISSUER, PLUGIN, RUNNER].concat());
    let runner = config.runner("etl").expect("configured");
    assert_eq!(runner.name, "etl");
    assert_eq!(runner.drain, Drain::RequireIdle);
    assert!(runner.rehearse && runner.settings.is_empty() && runner.auth.is_empty());
    let plugin = &config.plugins["aws-ecs"];
    assert_eq!(
        plugin.path,
        PathBuf::from("/etc/keyferry/plugins/aws-ecs.wasm")
    );
    assert_eq!(plugin.limits, Limits::default());
}

const FULL: &str = r#"
[matillion]
base_url = "http://127.0.0.1:8080/dpc/v1/"
token_url = "http://127.0.0.1:8080/token"
client_id = "id"
client_secret = { command = ["op", "read", "op://vault/item"] }

[auth.aws]
kind = "aws"
profile = "etl"
role_arn = "arn:aws:iam::123456789012:role/keyferry"

[limits]
memory = "128MiB"
requests = 10

[plugins.aws-ecs]
path = "/opt/aws-ecs.wasm"
folders = ["charts", "/srv/values"]
environment = ["PATH", "KUBECONFIG"]
limits = { time = "2m", requests = 20 }

[runners.etl-prod]
runner = "AWS Agent"
plugin = "aws-ecs"
drain = "pause"
drain_timeout = "1h30m"
rehearse = false
rollout_timeout = "90s"
connect_timeout = "500ms"
auth = { aws = "aws" }

[runners.etl-prod.settings]
region = "eu-west-1"
port = 0x10
share = 0.5
deep = { "a key" = [true, "x", 2026-01-02] }

[[routes]]
from = "https://secretsmanager.eu-west-1.amazonaws.com"
to = "http://127.0.0.1:5555"

[[allow_private]]
host = "Vault.internal"
ranges = ["10.20.1.1/16", "10.9.9.9", "fd00::/8"]

[journal]
recipients = ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]
"#;

#[test]
fn every_key() {
    let config = good(FULL);
    assert_eq!(
        config.matillion.base_url.as_str(),
        "http://127.0.0.1:8080/dpc"
    );
    let aws = Auth::Aws {
        profile: Some("etl".to_owned()),
        role_arn: Some("arn:aws:iam::123456789012:role/keyferry".to_owned()),
    };
    assert_eq!(config.auth["aws"], aws);
    let plugin = &config.plugins["aws-ecs"];
    assert_eq!(plugin.path, PathBuf::from("/opt/aws-ecs.wasm"));
    let folders = ["/etc/keyferry/charts", "/srv/values"].map(PathBuf::from);
    assert_eq!(plugin.folders, folders);
    assert_eq!(plugin.environment, ["PATH", "KUBECONFIG"]);
    let limits = Limits {
        memory: Some(128 << 20),
        time: Some(Duration::from_secs(120)),
        requests: Some(20),
        ..Limits::default()
    };
    assert_eq!(plugin.limits, limits);
    let runner = config.runner("etl-prod").expect("configured");
    assert_eq!(runner.identity, Identity::Name("AWS Agent".to_owned()));
    assert_eq!(runner.drain, Drain::Pause);
    assert_eq!(runner.drain_timeout, Duration::from_secs(5400));
    assert!(!runner.rehearse);
    assert_eq!(runner.rollout_timeout, Duration::from_secs(90));
    assert_eq!(runner.connect_timeout, Duration::from_millis(500));
    assert_eq!(runner.auth["aws"], "aws");
    let settings = json!({
        "region": "eu-west-1", "port": 16, "share": 0.5,
        "deep": { "a key": [true, "x", "2026-01-02"] }
    });
    assert_eq!(serde_json::Value::Object(runner.settings.clone()), settings);
    assert_eq!(config.routes[0].to.as_str(), "http://127.0.0.1:5555/");
    assert_eq!(config.allow_private[0].host, "vault.internal");
    let ranges: Vec<String> = config.allow_private[0]
        .ranges
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(ranges, ["10.20.0.0/16", "10.9.9.9/32", "fd00::/8"]);
    assert_eq!(config.journal.recipients.len(), 1);
}

#[test]
fn the_issuers_spelling_of_an_id_does_not_matter() {
    let config = good(&[ISSUER, PLUGIN, &RUNNER.replace("3fa8", "3FA8")].concat());
    let runner = config.runner("etl").expect("configured");
    assert_eq!(
        runner.identity.as_str(),
        "3fa85f64-5717-4562-b3fc-2c963f66afa6"
    );
}

#[test]
fn a_runner_that_is_not_configured() {
    let config = good(&[ISSUER, PLUGIN, RUNNER].concat());
    let text = |name| config.runner(name).expect_err("not configured").to_string();
    let file = "/etc/keyferry/keyferry.toml";
    assert_eq!(
        text("elt"),
        format!("no runner `elt` is configured in {file}; did you mean `etl`?")
    );
    assert_eq!(
        text("x"),
        format!("no runner `x` is configured in {file}; there are `etl`")
    );
    let error = good(ISSUER)
        .runner("x")
        .expect_err("not configured")
        .to_string();
    assert!(error.ends_with("add a section [runners.NAME]"), "{error}");
}

#[test]
fn a_file_that_is_not_there_or_no_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keyferry.toml");
    assert!(matches!(
        crate::config::load(&path),
        Err(ConfigError::Unreadable { .. })
    ));
    std::fs::write(&path, b"\xff").expect("written");
    assert!(matches!(
        crate::config::load(&path),
        Err(ConfigError::Unreadable { .. })
    ));
    std::fs::write(&path, ISSUER).expect("written");
    assert_eq!(crate::config::load(&path).expect("a config").path, path);
}
