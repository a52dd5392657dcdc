//! Fetching secrets, and failing to.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::config::SecretSource;

const SOON: Duration = Duration::from_secs(20);

fn sh(script: &str) -> SecretSource {
    SecretSource::Command(["sh", "-c", script].map(str::to_owned).to_vec())
}

fn fetch(source: &SecretSource) -> Result<String, String> {
    let variable = |name: &str| match name {
        "SET" => Some(OsString::from("s3cret\n")),
        "EMPTY" => Some(OsString::new()),
        _ => None,
    };
    let secret = source.read_with(variable, SOON);
    secret
        .map(|secret| secret.expose().to_owned())
        .map_err(|error| error.to_string())
}

#[test]
fn one_line_break_is_cut_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secret");
    let table = [
        ("a", "a"),
        ("a\n", "a"),
        ("a\r\n", "a"),
        ("a\n\n", "a\n"),
        (" a \"é\\ \n", " a \"é\\ "),
    ];
    for (content, secret) in table {
        fs::write(&path, content).expect("written");
        assert_eq!(
            fetch(&SecretSource::File(path.clone())),
            Ok(secret.to_owned())
        );
    }
    assert_eq!(
        fetch(&SecretSource::Env("SET".to_owned())),
        Ok("s3cret".to_owned())
    );
    assert_eq!(fetch(&sh("echo 's3cret'")), Ok("s3cret".to_owned()));
}

#[test]
fn what_gives_no_secret_says_why() {
    let env = |name: &str| SecretSource::Env(name.to_owned());
    let unset = "is not set or empty; set it";
    let table = [
        (
            env("UNSET"),
            "the environment variable UNSET is not set or empty; set it",
        ),
        (env("EMPTY"), unset),
        (
            SecretSource::File(PathBuf::from("/nowhere/x")),
            "/nowhere/x that should hold a secret",
        ),
        (
            SecretSource::File(PathBuf::from("/dev/null")),
            "the file /dev/null gave no usable secret: it is empty",
        ),
        (
            SecretSource::File(PathBuf::from("/dev/zero")),
            "more than 64 KiB",
        ),
        (
            SecretSource::Command(vec!["/nowhere/x".to_owned()]),
            "`/nowhere/x` that should print a secret can't be run",
        ),
        (sh("echo canary; exit 3"), "failed (exit status: 3)"),
        (sh("kill -9 $$"), "failed (signal: 9"),
        (sh("yes canary"), "more than 64 KiB"),
        (sh("true"), "it is empty"),
        (sh("printf 'canary\\377'"), "not UTF-8"),
        (sh("printf 'canary\\0'"), "NUL"),
    ];
    for (source, why) in table {
        let error = fetch(&source).expect_err("no secret");
        assert!(error.contains(why), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn a_command_that_hangs_is_ended() {
    let began = Instant::now();
    let error = sh("sleep 60").read_with(|_| None, Duration::from_millis(200));
    let error = error.err().expect("no secret").to_string();
    assert!(error.contains("was not done within"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(30));
}
