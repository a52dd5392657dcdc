//! Secrets Manager's stand-in: who may speak, versions and stages, and each fault.

use keyferry_tests::aws::{Aws, Etl, Fault, Operation};
use keyferry_tests::client::{Received, send, send_aws};
use serde_json::{Value, json};

pub const TOKEN_1: &str = "11111111-1111-4111-8111-111111111111";
const TOKEN_2: &str = "22222222-2222-4222-8222-222222222222";

pub fn try_call(aws: &Aws, operation: Operation, body: &Value) -> anyhow::Result<Received> {
    let service = operation.signing_name();
    let (keys, region) = (aws.keys(), aws.region());
    send_aws(
        &aws.origin(),
        &keys,
        &region,
        service,
        &operation.target(),
        body,
    )
}

pub fn call(aws: &Aws, operation: Operation, body: &Value) -> (u16, Value) {
    let answer = try_call(aws, operation, body).expect("an answer");
    (answer.status, answer.json().expect("JSON"))
}

pub fn error_of((status, body): &(u16, Value)) -> (u16, &str) {
    let full = body["__type"].as_str().expect("an error");
    (*status, full.rsplit('#').next().expect("a name"))
}

fn seeded() -> (Aws, Etl) {
    let aws = Aws::start().expect("a stand-in");
    let etl = aws.seed_etl("r1", "id", "old");
    (aws, etl)
}

fn put(aws: &Aws, etl: &Etl, token: &str, value: &str) -> (u16, Value) {
    let body =
        json!({ "SecretId": etl.secret_id, "ClientRequestToken": token, "SecretString": value });
    call(aws, Operation::PutSecretValue, &body)
}

#[test]
fn only_a_request_with_the_right_signature_is_heard() {
    let (aws, etl) = seeded();
    let operation = Operation::GetSecretValue;
    let body = json!({ "SecretId": etl.secret_id });
    let attempt = |keys, region: &str, service: &str| {
        let target = operation.target();
        let answer = send_aws(&aws.origin(), &keys, region, service, &target, &body);
        let answer = answer.expect("an answer");
        (answer.status, answer.json().expect("JSON"))
    };
    assert_eq!(attempt(aws.keys(), "eu-west-1", "secretsmanager").0, 200);
    let mut wrong = aws.keys();
    wrong.secret.push('x');
    for refused in [
        attempt(wrong, "eu-west-1", "secretsmanager"),
        attempt(aws.keys(), "us-east-1", "secretsmanager"),
        attempt(aws.keys(), "eu-west-1", "ecs"),
    ] {
        assert_eq!(error_of(&refused), (400, "SignatureDoesNotMatch"));
    }
    let mut stranger = aws.keys();
    stranger.id.push('x');
    let refused = attempt(stranger, "eu-west-1", "secretsmanager");
    assert_eq!(error_of(&refused), (400, "UnrecognizedClientException"));

    let target = [("x-amz-target".to_owned(), operation.target())];
    let unsigned = send("POST", &aws.origin(), &target, b"{}").expect("an answer");
    let unsigned = (unsigned.status, unsigned.json().expect("JSON"));
    assert_eq!(
        error_of(&unsigned),
        (400, "MissingAuthenticationTokenException")
    );

    let old = aws.keys();
    aws.use_session_token();
    let refused = attempt(old, "eu-west-1", "secretsmanager");
    assert_eq!(error_of(&refused), (400, "UnrecognizedClientException"));
    assert_eq!(attempt(aws.keys(), "eu-west-1", "secretsmanager").0, 200);
}

#[test]
fn a_put_moves_the_stages_and_a_repeat_changes_nothing() {
    let (aws, etl) = seeded();
    let before = aws.versions(&etl.secret_id)[0].id.clone();
    let (status, answer) = put(&aws, &etl, TOKEN_1, "one");
    assert_eq!((status, &answer["VersionId"]), (200, &json!(TOKEN_1)));
    assert_eq!(put(&aws, &etl, TOKEN_1, "one").0, 200);
    let clash = put(&aws, &etl, TOKEN_1, "other");
    assert_eq!(error_of(&clash), (400, "ResourceExistsException"));

    put(&aws, &etl, TOKEN_2, "two");
    // The repeat of an older write is a success that does not bring the older value back.
    assert_eq!(put(&aws, &etl, TOKEN_1, "one").0, 200);
    assert_eq!(aws.secret_string(&etl.secret_id).as_deref(), Some("two"));
    let stages: Vec<(String, Vec<String>)> = aws
        .versions(&etl.secret_id)
        .into_iter()
        .map(|v| (v.id, v.stages))
        .collect();
    let expected = [
        (before, vec![]),
        (TOKEN_1.to_owned(), vec!["AWSPREVIOUS".to_owned()]),
        (TOKEN_2.to_owned(), vec!["AWSCURRENT".to_owned()]),
    ];
    assert_eq!(stages, expected);

    let body = json!({ "SecretId": etl.secret_arn, "VersionStage": "AWSPREVIOUS" });
    assert_eq!(
        call(&aws, Operation::GetSecretValue, &body).1["SecretString"],
        "one"
    );
    let (_, listed) = call(&aws, Operation::ListSecretVersionIds, &body);
    assert_eq!(listed["Versions"].as_array().map(Vec::len), Some(2));
    let (_, described) = call(&aws, Operation::DescribeSecret, &body);
    assert_eq!(
        described["VersionIdsToStages"][TOKEN_2],
        json!(["AWSCURRENT"])
    );
}

#[test]
fn what_is_wrong_is_refused_as_aws_does() {
    let (aws, etl) = seeded();
    let missing = call(
        &aws,
        Operation::GetSecretValue,
        &json!({ "SecretId": "none" }),
    );
    assert_eq!(error_of(&missing), (400, "ResourceNotFoundException"));
    let short = put(&aws, &etl, "short", "x");
    assert_eq!(error_of(&short), (400, "InvalidParameterException"));
    let stage = json!({ "SecretId": etl.secret_id, "VersionStage": "AWSPENDING" });
    let staged = call(&aws, Operation::GetSecretValue, &stage);
    assert_eq!(error_of(&staged), (400, "ResourceNotFoundException"));
    aws.deny(Operation::PutSecretValue);
    let denied = put(&aws, &etl, TOKEN_1, "x");
    assert_eq!(error_of(&denied), (400, "AccessDeniedException"));
}

#[test]
fn a_fault_of_a_put_is_before_or_after_the_deed() {
    let other = Fault::Error {
        status: 400,
        code: "KMSAccessDenied".to_owned(),
    };
    let cases = [
        (Fault::RequestLost, None, false),
        (Fault::Throttled, Some((400, "ThrottlingException")), false),
        (
            Fault::ErrorBefore,
            Some((500, "InternalServiceError")),
            false,
        ),
        (
            Fault::AccessDenied,
            Some((400, "AccessDeniedException")),
            false,
        ),
        (other, Some((400, "KMSAccessDenied")), false),
        (Fault::AnswerLost, None, true),
        (Fault::AnswerCut, None, true),
        (Fault::ErrorAfter, Some((500, "InternalServiceError")), true),
    ];
    for (fault, seen, done) in cases {
        let (aws, etl) = seeded();
        aws.fail(Operation::PutSecretValue, fault.clone());
        let body = json!({
            "SecretId": etl.secret_id, "ClientRequestToken": TOKEN_1, "SecretString": "new",
        });
        let answer = try_call(&aws, Operation::PutSecretValue, &body).ok();
        let answer = answer.map(|answer| (answer.status, answer.json().expect("JSON")));
        assert_eq!(answer.as_ref().map(error_of), seen, "{fault:?}");
        let stored = aws.secret_string(&etl.secret_id);
        assert_eq!(stored.as_deref() == Some("new"), done, "{fault:?}");
        assert_eq!(
            put(&aws, &etl, TOKEN_1, "new").0,
            200,
            "{fault:?}: a repeat goes through"
        );
    }
}

#[test]
fn a_second_writer_comes_between_two_requests() {
    let (aws, etl) = seeded();
    aws.fail(
        Operation::GetSecretValue,
        Fault::SecondWriter("theirs".to_owned()),
    );
    let body = json!({ "SecretId": etl.secret_id });
    let (_, first) = call(&aws, Operation::GetSecretValue, &body);
    assert!(
        first["SecretString"]
            .as_str()
            .is_some_and(|text| text.contains("client_secret"))
    );
    let (_, second) = call(&aws, Operation::GetSecretValue, &body);
    assert_eq!(second["SecretString"], "theirs");
    assert_eq!(aws.count(Operation::GetSecretValue), 2);
}

#[test]
fn garbage_and_binary_are_what_they_are() {
    let (aws, etl) = seeded();
    aws.fail(Operation::GetSecretValue, Fault::Garbage);
    let body = json!({ "SecretId": etl.secret_id });
    let answer = try_call(&aws, Operation::GetSecretValue, &body).expect("an answer");
    assert!(answer.status == 200 && answer.json().is_err());
    aws.put_binary_secret("blob", b"\x00\xff");
    let (_, blob) = call(
        &aws,
        Operation::GetSecretValue,
        &json!({ "SecretId": "blob" }),
    );
    assert_eq!(
        (&blob["SecretBinary"], &blob["SecretString"]),
        (&json!("AP8="), &Value::Null)
    );
}
