//! The process helpers: what a program gets, says, and how it ends.

use std::fs;
use std::time::{Duration, Instant};

use keyferry_tests::aws::Aws;
use keyferry_tests::process::{Config, Run, Workspace};

use crate::eventually;
use crate::issuer::with_runner;

fn sh(script: &str) -> Run {
    Run::new("/bin/sh").args(["-c", script])
}

#[test]
fn a_process_gets_input_and_named_variables_only() {
    let outcome = sh("cat; echo $NAMED >&2; env | grep -c ^CARGO; exit 3")
        .stdin("typed\n")
        .env("NAMED", "value")
        .finish()
        .expect("it ran");
    assert_eq!(outcome.code, Some(3));
    assert_eq!(outcome.stdout, "typed\n0\n");
    assert_eq!(outcome.stderr, "value\n");
}

#[test]
fn a_process_that_takes_too_long_is_ended_with_its_children() {
    let started = Instant::now();
    let run = sh("echo begun >&2; sleep 60 & sleep 60").timeout(Duration::from_millis(200));
    let failure = run.finish().err().expect("it takes too long").to_string();
    assert!(failure.contains("begun"), "{failure}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_process_is_killed_at_the_moment_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("mark");
    let script = format!("touch {}; sleep 60; echo late", mark.display());
    let running = sh(&script).start().expect("it starts");
    let outcome = running
        .kill_when(|| mark.exists())
        .expect("the moment came");
    assert_eq!((outcome.code, outcome.signal), (None, Some(9)));
    assert_eq!(outcome.stdout, "");
    let early = sh("exit 0").start().expect("it starts").kill_when(|| false);
    assert!(early.is_err(), "it ended before the moment");
}

#[test]
fn a_dropped_process_ends() {
    let running = sh("sleep 60").start().expect("it starts");
    let proc = format!("/proc/{}", running.id());
    assert!(fs::exists(&proc).expect("readable"));
    drop(running);
    eventually("it is gone", || !fs::exists(&proc).expect("readable"));
}

#[test]
fn a_workspace_holds_the_config_and_keeps_the_secret_out_of_it() {
    let (issuer, id, _) = with_runner();
    let aws = Aws::start().expect("a stand-in");
    let etl = aws.seed_etl(&id, "id", "secret");
    let more = [("drain", "pause".into()), ("rehearse", false.into())];
    let config = Config::new(&issuer)
        .aws(&aws)
        .etl("etl-prod", &id, &aws.region(), &etl, &more);
    let workspace = Workspace::new(&config).expect("a folder");
    let text = fs::read_to_string(workspace.config_path()).expect("a config");
    for line in [
        "client_secret = { \"env\" = \"MATILLION_CLIENT_SECRET\" }",
        "[auth.aws]",
        "from = \"https://ecs.eu-west-1.amazonaws.com\"",
        "[runners.etl-prod]",
        "drain = \"pause\"",
        "rehearse = false",
        "settings = { \"region\" = \"eu-west-1\", \"cluster\" = \"etl\", \"service\" = \"runner\", \
         \"secret_id\" = \"matillion-oauth-credentials\" }",
    ] {
        assert!(
            text.lines().any(|own| own == line),
            "no line {line} in\n{text}"
        );
    }
    let secret = issuer.api_credential().client_secret;
    for (name, bytes) in workspace.files().expect("readable") {
        keyferry_tests::canary::assert_no_canary(&[(&name, &bytes)], &[&secret]);
    }
}
