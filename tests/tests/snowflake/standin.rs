//! The stand-in is believed by the other tests, so it is tested itself.

use keyferry_tests::client::{Received, send};
use keyferry_tests::snowflake::{Fault, Operation, Snowflake};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::AWKWARD;

const PATH: &str = "/api/v2/statements";

type Headers = Vec<(String, String)>;

fn headers(snowflake: &Snowflake) -> Headers {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        pair("user-agent", "test/1.0"),
        pair("content-type", "application/json"),
        pair(
            "authorization",
            &format!("Bearer {}", snowflake.access_token()),
        ),
        pair(
            "x-snowflake-authorization-token-type",
            "PROGRAMMATIC_ACCESS_TOKEN",
        ),
    ]
}

fn submit(snowflake: &Snowflake, query: &str, statement: &str) -> anyhow::Result<Received> {
    let body =
        json!({ "statement": statement, "timeout": 30, "role": "ETL_ADMIN", "warehouse": "W" });
    let url = format!("{}{PATH}{query}", snowflake.origin());
    send(
        "POST",
        &url,
        &headers(snowflake),
        body.to_string().as_bytes(),
    )
}

fn run(snowflake: &Snowflake, statement: &str) -> (u16, Value) {
    let answer = submit(snowflake, "", statement).expect("an answer");
    (answer.status, answer.json().expect("JSON"))
}

fn seeded() -> (Snowflake, String) {
    let snowflake = Snowflake::start().expect("an account");
    let app = snowflake.seed_app("runner", "id", "first");
    (snowflake, app.secret)
}

#[test]
fn a_literal_is_stored_as_snowflake_reads_it() {
    let (snowflake, secret) = seeded();
    for value in AWKWARD {
        let literal = value.replace('\\', "\\\\").replace('\'', "\\'");
        let (status, _) = run(
            &snowflake,
            &format!("alter secret {secret} set secret_string='{literal}'"),
        );
        assert_eq!((status, snowflake.secret_string().as_str()), (200, value));
    }
    for broken in [
        format!("ALTER SECRET {secret} SET SECRET_STRING = 'a'b'"),
        format!("ALTER SECRET {secret} SET SECRET_STRING = 'a'; SELECT 1"),
        format!("ALTER SECRET {secret} SET SECRET_STRING = 'a\\'"),
        format!("ALTER SECRET {secret} SET SECRET_STRING = \"a\""),
        "DROP SECRET A.B.C".to_owned(),
    ] {
        assert_eq!(run(&snowflake, &broken).1["code"], "001003", "{broken}");
    }
    assert_eq!(snowflake.writes(), 8);
    assert_eq!(run(&snowflake, "DESCRIBE SECRET A.B.C").1["code"], "002003");
}

#[test]
fn a_request_id_is_executed_once_until_it_succeeded() {
    let (snowflake, secret) = seeded();
    let query = format!("?requestId={}&retry=true", Uuid::new_v4());
    let alter = |value: &str| {
        let statement = format!("ALTER SECRET {secret} SET SECRET_STRING = '{value}'");
        submit(&snowflake, &query, &statement).map(|answer| answer.status)
    };
    snowflake.fail(Operation::AlterSecret, Fault::ErrorBefore);
    assert_eq!(alter("one").expect("an answer"), 503);
    snowflake.fail(Operation::AlterSecret, Fault::AnswerLost);
    assert!(alter("two").is_err());
    assert_eq!(alter("three").expect("an answer"), 200);
    assert_eq!(
        (snowflake.secret_string().as_str(), snowflake.writes()),
        ("two", 1)
    );
    assert_eq!(
        submit(&snowflake, "?requestId=7", "SELECT 1")
            .expect("an answer")
            .status,
        400
    );
}

#[test]
fn a_running_statement_is_asked_for_by_its_handle() {
    let (snowflake, _) = seeded();
    let answer = submit(
        &snowflake,
        "?async=true",
        "CALL MATILLION.CORE.RESTART_RUNNER()",
    )
    .expect("an answer");
    assert_eq!(answer.status, 202);
    let handle = answer.json().expect("JSON")["statementHandle"]
        .as_str()
        .expect("a handle")
        .to_owned();
    let look = |handle: &str| {
        let url = format!("{}{PATH}/{handle}", snowflake.origin());
        send("GET", &url, &headers(&snowflake), b"")
            .expect("an answer")
            .status
    };
    assert_eq!(
        [look(&handle), look(&handle), look(&handle)],
        [202, 200, 200]
    );
    assert_eq!(look("nothing"), 404);
}

#[test]
fn each_fault_shows() {
    let (snowflake, secret) = seeded();
    let describe = format!("DESCRIBE SECRET {secret}");
    for (fault, status, code) in [
        (Fault::Throttled, 429, "390001"),
        (Fault::ErrorBefore, 503, ""),
        (Fault::ErrorAfter, 500, ""),
        (
            Fault::Error {
                code: "000604",
                state: "57014",
            },
            422,
            "000604",
        ),
        (Fault::Running(0), 202, "333334"),
        (Fault::SecondWriter("other".to_owned()), 200, "090001"),
    ] {
        snowflake.fail(Operation::DescribeSecret, fault);
        let (got, body) = run(&snowflake, &describe);
        assert_eq!(
            (got, body["code"].as_str().unwrap_or_default()),
            (status, code)
        );
    }
    assert_eq!(snowflake.secret_string(), "other");
    for fault in [Fault::RequestLost, Fault::AnswerLost, Fault::AnswerCut] {
        snowflake.fail(Operation::DescribeSecret, fault);
        assert!(submit(&snowflake, "", &describe).is_err());
    }
    snowflake.fail(Operation::DescribeSecret, Fault::Garbage);
    assert!(
        submit(&snowflake, "", &describe)
            .expect("an answer")
            .json()
            .is_err()
    );
    snowflake.deny(Operation::DescribeSecret);
    assert_eq!(run(&snowflake, &describe).1["code"], "003001");
    snowflake.clear_faults();
    assert_eq!(run(&snowflake, &describe).0, 200);
}

#[test]
fn who_is_not_signed_in_gets_nothing() {
    let (snowflake, _) = seeded();
    let url = format!("{}{PATH}", snowflake.origin());
    let with = |change: &dyn Fn(&mut Headers)| {
        let mut headers = headers(&snowflake);
        change(&mut headers);
        send("POST", &url, &headers, b"{}")
            .expect("an answer")
            .status
    };
    assert_eq!(with(&|_| {}), 400, "signed in, and no statement");
    assert_eq!(
        with(&|headers| headers.retain(|(name, _)| name != "authorization")),
        401
    );
    assert_eq!(
        with(&|headers| headers.retain(|(name, _)| name != "user-agent")),
        400
    );
    assert_eq!(with(&|headers| headers[2].1.push('x')), 401);
    assert_eq!(
        with(&|headers| headers[3].1 = "KEYPAIR_JWT".to_owned()),
        401
    );
    assert!(snowflake.seen().is_empty());
}
