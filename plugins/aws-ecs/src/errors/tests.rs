use keyferry_sdk::FailureKind::{self, Conflict, Denied, Missing, Rejected, Unavailable};
use keyferry_sdk::Response;
use serde_json::json;

use super::AwsError;

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Response {
        status,
        headers,
        body: body.as_bytes().to_vec(),
    }
}

#[test]
fn the_code_decides_and_not_the_status() {
    let cases: [(&str, u16, FailureKind); 22] = [
        ("ThrottlingException", 400, Unavailable),
        ("TooManyRequestsException", 400, Unavailable),
        ("InternalServiceError", 500, Unavailable),
        ("InternalServiceError", 400, Unavailable),
        ("ServerException", 500, Unavailable),
        ("SomethingNew", 503, Unavailable),
        ("SomethingNew", 429, Unavailable),
        ("AccessDeniedException", 400, Denied),
        (
            "com.amazon.coral.service#AccessDeniedException",
            400,
            Denied,
        ),
        ("UnrecognizedClientException", 400, Denied),
        ("InvalidClientTokenId", 403, Denied),
        ("SignatureDoesNotMatch", 403, Denied),
        ("ExpiredTokenException", 400, Denied),
        ("DecryptionFailure", 400, Denied),
        (
            "com.amazonaws.secretsmanager#ResourceNotFoundException",
            404,
            Missing,
        ),
        ("ResourceNotFoundException", 400, Missing),
        ("ClusterNotFoundException", 400, Missing),
        ("ServiceNotFoundException", 400, Missing),
        ("ServiceNotActiveException", 400, Missing),
        ("ResourceExistsException", 400, Conflict),
        ("InvalidParameterException", 403, Rejected),
        ("LimitExceededException", 400, Rejected),
    ];
    for (code, status, expected) in cases {
        let body = json!({ "__type": code, "message": "why" }).to_string();
        let failure =
            AwsError::of(&answer(status, &[], &body)).failure("GetSecretValue", "eu-west-1");
        assert_eq!(failure.kind, expected, "{code}");
        let name = code.rsplit('#').next().expect("a code");
        let start = format!("GetSecretValue in eu-west-1 answered {name} ({status}): why");
        assert!(failure.message.starts_with(&start), "{failure}");
    }
}

#[test]
fn the_code_is_found_wherever_it_stands() {
    let xml = "<ErrorResponse><Errors><Error><Code>AccessDenied</Code><Message>no</Message></Error></Errors></ErrorResponse>";
    let header = ("x-amzn-errortype", "ThrottlingException:http://internal/");
    for (answer, code, kind) in [
        (answer(403, &[], xml), "AccessDenied", Denied),
        (
            answer(400, &[header], "{}"),
            "ThrottlingException",
            Unavailable,
        ),
        (
            answer(
                400,
                &[],
                r#"{"code":"ServiceNotFoundException","Message":"m"}"#,
            ),
            "ServiceNotFoundException",
            Missing,
        ),
        (answer(403, &[], "<html>"), "", Denied),
        (answer(502, &[], "bad gateway"), "", Unavailable),
        (answer(404, &[], ""), "", Rejected),
    ] {
        let error = AwsError::of(&answer);
        assert_eq!(error.code, code);
        assert_eq!(
            error.failure("X", "r").kind,
            kind,
            "{code} {}",
            answer.status
        );
    }
}

#[test]
fn the_wait_that_is_asked_for_is_passed_on() {
    let throttled = answer(
        400,
        &[("retry-after", "2")],
        r#"{"__type":"ThrottlingException"}"#,
    );
    assert_eq!(
        AwsError::of(&throttled).failure("X", "r").retry_after_ms,
        Some(2000)
    );
}
