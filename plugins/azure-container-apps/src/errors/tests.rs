use keyferry_sdk::FailureKind::{self, Conflict, Denied, Missing, Rejected, Unavailable};
use keyferry_sdk::Response;

use super::ArmError;

fn answer(status: u16, body: &str) -> Response {
    Response {
        status,
        headers: vec![("retry-after".to_owned(), "7".to_owned())],
        body: body.as_bytes().to_vec(),
    }
}

#[test]
fn the_code_decides_and_then_the_status() {
    let cases: [(u16, &str, FailureKind); 19] = [
        (409, "ContainerAppOperationInProgress", Unavailable),
        (409, "ContainerAppLockConflict", Unavailable),
        (409, "SomethingElse", Unavailable),
        (409, "ScopeLocked", Denied),
        (409, "ResourceGroupBeingDeleted", Rejected),
        (429, "TooManyRequests", Unavailable),
        (500, "InternalServerError", Unavailable),
        (504, "", Unavailable),
        (408, "", Unavailable),
        (401, "ExpiredAuthenticationToken", Denied),
        (403, "AuthorizationFailed", Denied),
        (403, "RequestDisallowedByPolicy", Denied),
        (403, "", Denied),
        (404, "ResourceNotFound", Missing),
        (404, "ResourceGroupNotFound", Missing),
        (404, "", Missing),
        (412, "PreconditionFailed", Conflict),
        (400, "ContainerAppSecretInvalid", Rejected),
        (400, "InternalServerError", Unavailable),
    ];
    for (status, code, kind) in cases {
        let body = format!(r#"{{"error":{{"code":"{code}","message":"why."}}}}"#);
        let failure = ArmError::of(&answer(status, &body)).failure("doing it");
        assert_eq!(failure.kind, kind, "{status} {code}");
        assert_eq!(failure.retry_after_ms, Some(7000));
    }
}

#[test]
fn an_error_is_read_wherever_it_stands() {
    for (body, said) in [
        (
            r#"{"error":{"code":"A","message":"why."}}"#,
            "doing it: Azure answered A (400): why",
        ),
        (
            r#"{"code":"A","message":"why"}"#,
            "doing it: Azure answered A (400): why",
        ),
        (
            r#"{"Code":"A","Message":"why"}"#,
            "doing it: Azure answered A (400): why",
        ),
        (r#"{"error":"A"}"#, "doing it: Azure answered no code (400)"),
        ("<html>", "doing it: Azure answered no code (400)"),
        ("", "doing it: Azure answered no code (400)"),
    ] {
        let failure = ArmError::of(&answer(400, body)).failure("doing it");
        assert_eq!(failure.message, said, "{body}");
    }
}

#[test]
fn each_kind_comes_with_what_to_do() {
    for (status, said) in [
        (403, "has a role on the app"),
        (404, "in the settings"),
        (409, "one change at a time"),
    ] {
        let failure = ArmError::of(&answer(status, "{}")).failure("doing it");
        assert!(failure.message.contains(said), "{failure}");
    }
}
