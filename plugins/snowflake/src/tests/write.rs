use keyferry_sdk::FailureKind::{self, Denied, Missing, Rejected, Unavailable};
use keyferry_sdk::mock::Reply;
use keyferry_sdk::{Obstacle, Sink};
use serde_json::{Value, json};

use super::{API, HANDLE, STORE, World, done, error, secret, statements};
use crate::Snowflake;

const FRESH: &str = "fr\"e\\sh'{{$#é%\n''\\'?:name";

#[test]
fn the_secret_arrives_as_the_literal_of_one_statement() {
    let (mock, _, target) = World::new().open();
    let fresh = mock.credential("live-id", FRESH);
    let receipt = Snowflake::write(&mock, &target, &fresh).expect("written");
    assert_eq!(
        receipt.location,
        "APP.SECRETS.\"Oauth Secret\" in myorg-acct"
    );
    assert_eq!(receipt.version, target.attempt);
    assert!(!receipt.compared);
    let [sent] = &mock.requests()[..] else {
        panic!("one request")
    };
    assert_eq!(
        sent.url,
        format!("{API}?requestId={}&retry=true", target.attempt)
    );
    let literal = FRESH.replace('\\', "\\\\").replace('\'', "''");
    let expected = json!({
        "statement": format!("{STORE} SET SECRET_STRING = '{literal}'"),
        "timeout": 30,
        "role": "ETL_ADMIN",
    });
    assert_eq!(sent.json(), expected);
}

#[test]
fn a_repeat_is_the_same_request() {
    let (mock, _, target) = World::new().open();
    let fresh = mock.credential("live-id", FRESH);
    for _ in 0..2 {
        Snowflake::write(&mock, &target, &fresh).expect("written");
    }
    let sent = mock.requests();
    assert_eq!(sent[0], sent[1]);
}

#[test]
fn a_statement_that_takes_its_time_is_asked_for() {
    let running = || json!({ "statementHandle": HANDLE, "message": "in progress" });
    let (mock, current, target) = World::new()
        .answer(STORE, 202, running())
        .look(202, running())
        .look(200, done())
        .open();
    Snowflake::write(&mock, &target, &current).expect("written");
    let looks: Vec<String> = mock
        .requests()
        .iter()
        .skip(1)
        .map(|sent| sent.url.clone())
        .collect();
    assert_eq!(looks, vec![format!("{API}/{HANDLE}"); 2]);

    let (mock, current, target) = World::new()
        .answer(STORE, 202, running())
        .look(202, running())
        .open();
    let failure = Snowflake::write(&mock, &target, &current).expect_err("still running");
    assert_eq!(
        (failure.kind, failure.retry_after_ms),
        (Unavailable, Some(2000))
    );

    let (mock, current, target) = World::new()
        .answer(STORE, 202, running())
        .look(422, error("003001", "42501"))
        .open();
    let failure = Snowflake::write(&mock, &target, &current).expect_err("refused");
    assert_eq!(failure.kind, Denied);
}

#[test]
fn a_handle_that_is_none_is_not_followed() {
    for handle in ["", "../../session", "a?b", "a/b"] {
        let (mock, current, target) = World::new()
            .answer(STORE, 202, json!({ "statementHandle": handle }))
            .open();
        let failure = Snowflake::write(&mock, &target, &current).expect_err("no handle");
        assert_eq!(failure.kind, Unavailable, "{failure}");
        assert_eq!(mock.requests().len(), 1);
    }
}

/// The value can't be read back, so nothing about a write is left uncertain: it is repeated.
#[test]
fn a_write_that_fails_says_how() {
    let cases: Vec<(World, FailureKind)> = vec![
        (World::new().error(STORE, "003001", "42501"), Denied),
        (World::new().error(STORE, "002003", "02000"), Missing),
        (World::new().error(STORE, "001003", "42000"), Rejected),
        (World::new().error(STORE, "000604", "57014"), Unavailable),
        (
            World::new().answer(STORE, 408, error("000630", "57014")),
            Unavailable,
        ),
        (World::new().answer(STORE, 429, json!(null)), Unavailable),
        (World::new().answer(STORE, 500, json!(null)), Unavailable),
        (World::new().answer(STORE, 504, json!(null)), Unavailable),
        (
            World::new().reply(STORE, Reply::text(200, "<html>")),
            Unavailable,
        ),
        (
            World::new().lost(STORE, Obstacle::TimedOut, true),
            Unavailable,
        ),
        (
            World::new().lost(STORE, Obstacle::Unreachable, false),
            Unavailable,
        ),
        (World::new().lost(STORE, Obstacle::TooLarge, true), Rejected),
    ];
    for (world, kind) in cases {
        let (mock, current, target) = world.open();
        let failure = Snowflake::write(&mock, &target, &current).expect_err("refused");
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(
            failure.message.starts_with("ALTER SECRET in myorg-acct"),
            "{failure}"
        );
        // What Snowflake says of the statement may quote a piece of the secret.
        assert!(!failure.message.contains("why"), "{failure}");
    }
    let slow = Reply::json(429, json!(null)).header("Retry-After", "7");
    let (mock, current, target) = World::new().reply(STORE, slow).open();
    let failure = Snowflake::write(&mock, &target, &current).expect_err("throttled");
    assert_eq!(failure.retry_after_ms, Some(7000));
}

#[test]
fn verify_looks_at_all_but_the_value_and_says_so() {
    let (mock, current, target) = World::new().open();
    let receipt = Snowflake::verify(&mock, &target, &current).expect("there");
    assert!(!receipt.compared);
    assert_eq!(receipt.version, target.attempt);
    assert_eq!(
        statements(&mock),
        ["DESCRIBE SECRET APP.SECRETS.\"Oauth Secret\""]
    );

    let password: Value = secret(&[("secret_type", json!("PASSWORD"))]);
    for (world, kind, said) in [
        (
            World::new().error("DESCRIBE SECRET", "002003", "02000"),
            Missing,
            "may not see it",
        ),
        (
            World::new().answer("DESCRIBE SECRET", 200, password),
            Rejected,
            "PASSWORD",
        ),
        (
            World::new().answer("DESCRIBE SECRET", 503, json!(null)),
            Unavailable,
            "503",
        ),
    ] {
        let (mock, current, target) = world.open();
        let failure = Snowflake::verify(&mock, &target, &current).expect_err(said);
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains(said), "{failure}");
    }
}
