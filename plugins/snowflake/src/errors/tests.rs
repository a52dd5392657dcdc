use keyferry_sdk::FailureKind::{self, Denied, Missing, Rejected, Unavailable};
use keyferry_sdk::Response;
use serde_json::{Value, json};

use super::SqlError;
use crate::statement::{CALL, DESCRIBE_SECRET, STORE};

fn of(status: u16, body: &Value) -> SqlError {
    SqlError::of(&Response {
        status,
        headers: vec![("retry-after".to_owned(), "3".to_owned())],
        body: body.to_string().into_bytes(),
    })
}

#[test]
fn code_and_state_decide_before_the_status() {
    let cases: [(u16, &str, &str, FailureKind); 17] = [
        (422, "002003", "02000", Missing),
        (422, "002043", "02000", Missing),
        (422, "999999", "02000", Missing),
        (422, "003001", "42501", Denied),
        (422, "999999", "42501", Denied),
        (401, "390189", "08004", Denied),
        (422, "390189", "", Denied),
        (401, "390144", "08001", Denied),
        (403, "390422", "", Denied),
        (422, "000604", "57014", Unavailable),
        (408, "000630", "57014", Unavailable),
        (422, "000606", "57P03", Rejected),
        (422, "001003", "42000", Rejected),
        (400, "391911", "", Rejected),
        (429, "", "", Unavailable),
        (502, "", "", Unavailable),
        (404, "", "", Missing),
    ];
    for (status, code, state, kind) in cases {
        let error = of(
            status,
            &json!({ "code": code, "sqlState": state, "message": "m" }),
        );
        let failure = error.failure(&DESCRIBE_SECRET, "acct");
        assert_eq!(failure.kind, kind, "{failure}");
        assert_eq!(failure.retry_after_ms, Some(3000));
    }
}

#[test]
fn what_snowflake_says_is_one_line_and_nothing_of_the_secret_s_statement() {
    let body = json!({
        "code": "001003", "sqlState": "42000",
        "message": "SQL compilation error:\n syntax error near 'piece-of-it'",
    });
    let failure = of(422, &body).failure(&DESCRIBE_SECRET, "acct");
    assert_eq!(
        failure.message,
        "DESCRIBE SECRET in acct was answered with 001003, SQL state 42000 (422): SQL compilation error: syntax error near 'piece-of-it'"
    );
    let failure = of(422, &body).failure(&STORE, "acct");
    assert_eq!(
        failure.message,
        "ALTER SECRET in acct was answered with 001003, SQL state 42000 (422)"
    );
}

#[test]
fn a_body_that_is_none_leaves_the_status() {
    for body in [json!("<html>"), json!(null), json!({ "code": 7 })] {
        let failure = of(500, &body).failure(&CALL, "acct");
        assert_eq!(failure.kind, FailureKind::Uncertain);
        assert_eq!(failure.message, "CALL in acct was answered with 500");
    }
}
