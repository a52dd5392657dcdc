//! Judges that nobody here wrote: sqlfluff reads every statement, and prism holds every request,
//! and every answer of the stand-in, against the published description of the SQL API.

use keyferry_sdk::Sink;
use keyferry_sdk::mock::Mock;
use keyferry_tests::client::send;
use keyferry_tests::prism::Prism;
use keyferry_tests::process::project_root;
use keyferry_tests::snowflake::{Fault, Operation, Snowflake};
use keyferry_tests::sqlfluff::judge_or_skip;
use serde_json::json;

use crate::{AWKWARD, World};

const PATH: &str = "/api/v2/statements";
/// All that some rule of SQL or JSON treats in a way of its own.
const ALPHABET: [&str; 32] = [
    "'", "'", "\\", "\\", "\"", "$", "{", "}", "#", "\n", "\r", "\t", "é", "漢", "🔑", "n", "0",
    "x", "u", "1", ";", "-", "/", "*", "?", ":", "%", "&", " ", "(", "\u{7f}", "\u{2028}",
];

/// Secrets at random, the same ones in every run.
fn secrets(count: usize) -> Vec<String> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or_default() % below
    };
    let mut all: Vec<String> = AWKWARD.map(str::to_owned).to_vec();
    all.resize_with(count, || {
        // Shorter ones would be found, and hidden, in any answer.
        let length = 8 + next(24);
        (0..length)
            .map(|_| ALPHABET[next(ALPHABET.len())])
            .collect()
    });
    all
}

/// The body in which the sink sends this secret.
fn body_of(app_secret: &str, value: &str) -> String {
    let mock = Mock::of::<snowflake_sink::Snowflake>(json!({
        "account": "a", "secret": app_secret, "role": "ETL_ADMIN", "restart": "none",
    }));
    let target = mock.target::<snowflake_sink::Snowflake>();
    let url = format!(
        "https://a.snowflakecomputing.com{PATH}?requestId={}&retry=true",
        target.attempt
    );
    mock.on("POST", &url)
        .json(200, json!({ "statementHandle": "h" }));
    let fresh = mock.credential("id", value);
    snowflake_sink::Snowflake::write(&mock, &target, &fresh).expect("written");
    mock.requests()[0].body.clone()
}

#[test]
fn any_secret_is_one_literal_of_one_statement() {
    let snowflake = Snowflake::start().expect("an account");
    let app = snowflake.seed_app("runner", "id", "first");
    let headers = [
        ("user-agent", "test/1.0".to_owned()),
        ("content-type", "application/json".to_owned()),
        (
            "authorization",
            format!("Bearer {}", snowflake.access_token()),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let mut statements = Vec::new();
    let secrets = secrets(400);
    for secret in &secrets {
        let body = body_of(&app.secret, secret);
        let url = format!("{}{PATH}", snowflake.origin());
        let answer = send("POST", &url, &headers, body.as_bytes()).expect("an answer");
        assert_eq!(answer.status, 200, "{secret:?}");
        assert_eq!(snowflake.secret_string(), *secret);
        let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        statements.push(body["statement"].as_str().expect("text").to_owned());
    }
    let Some(verdicts) = judge_or_skip(&statements) else {
        return;
    };
    for ((verdict, statement), secret) in verdicts.iter().zip(&statements).zip(&secrets) {
        assert_eq!(verdict.statements, ["alter_secret_statement"], "{secret:?}");
        assert_eq!(verdict.unread, 0, "{secret:?}");
        let (_, literal) = statement.split_once(" = ").expect("an assignment");
        // It reads every end of a line as the same one.
        let literal = literal.replace("\r\n", "\n").replace('\r', "\n");
        assert_eq!(verdict.literals, [literal], "{secret:?}");
    }
}

#[test]
fn the_judge_sees_a_quote_that_is_left_open() {
    let broken = [
        "ALTER SECRET A.B.C SET SECRET_STRING = 'a'b'",
        "ALTER SECRET A.B.C SET SECRET_STRING = 'a'; DROP TABLE x",
        "ALTER SECRET A.B.C SET SECRET_STRING = 'a\\'",
    ];
    let Some(verdicts) = judge_or_skip(&broken.map(str::to_owned)) else {
        return;
    };
    for verdict in verdicts {
        assert!(verdict.unread > 0 || verdict.statements.len() > 1);
    }
}

#[test]
fn the_other_statements_are_what_they_should_be() {
    // Its grammar has no ALTER SERVICE and nothing on containers and grants on these objects.
    let texts = [
        "DESCRIBE SECRET A.S.\"x y\"",
        "DESCRIBE PROCEDURE A.S.\"x y\"()",
        "CALL A.S.\"x y\"()",
    ];
    let Some(verdicts) = judge_or_skip(&texts.map(str::to_owned)) else {
        return;
    };
    let types = verdicts.iter().map(|verdict| verdict.statements.join(" "));
    let expected = ["describe_statement", "describe_statement", "call_segment"];
    assert_eq!(types.collect::<Vec<_>>(), expected);
    assert!(verdicts.iter().all(|verdict| verdict.unread == 0));
}

#[test]
fn every_request_and_every_answer_is_as_published() {
    let description = project_root().join("tests/src/snowflake/sqlapi.yaml");
    let mut world = World::new(&[]);
    let upstream = world.snowflake.origin();
    let Some(prism) = Prism::before_or_skip(&description, &upstream) else {
        return;
    };
    world.sign_in_with_a_token(prism.origin());
    let snowflake = &world.snowflake;
    snowflake.fail(Operation::DescribeSecret, Fault::Running(1));
    snowflake.fail(Operation::AlterSecret, Fault::Running(2));
    world.refresh(0);
    world.is_back();
    assert!(snowflake.count(Operation::Progress) >= 3);
    snowflake.deny(Operation::AlterSecret);
    let refused = world.refresh(3);
    assert!(refused.stderr.contains("003001"), "{}", refused.stderr);
    assert_eq!(prism.violations(), Vec::<String>::new());
}

#[test]
fn prism_sees_what_is_not_as_published() {
    let description = project_root().join("tests/src/snowflake/sqlapi.yaml");
    let snowflake = Snowflake::start().expect("an account");
    let Some(prism) = Prism::before_or_skip(&description, &snowflake.origin()) else {
        return;
    };
    let good = [
        ("user-agent", "test/1.0"),
        ("content-type", "application/json"),
        ("authorization", "Bearer x"),
    ];
    let ask = |query: &str, without: &str, body: serde_json::Value| {
        let headers: Vec<(String, String)> = good
            .iter()
            .filter(|(name, _)| *name != without)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let url = format!("{}{PATH}{query}", prism.origin());
        send("POST", &url, &headers, body.to_string().as_bytes())
            .expect("an answer")
            .status
    };
    let statement = || json!({ "statement": "DESCRIBE SECRET A.B.C", "timeout": 30, "role": "R" });
    // The stand-in's own word, passed on.
    assert_eq!(ask("", "", statement()), 401);
    assert_eq!(ask("", "", json!({ "statement": 1 })), 422);
    assert_eq!(
        ask("", "", json!({ "statement": "x", "timeout": "soon" })),
        422
    );
    assert_eq!(
        ask("", "", json!({ "statement": "x", "parameters": {} })),
        422
    );
    assert_eq!(ask("?requestId=7", "", statement()), 422);
    assert_eq!(ask("", "user-agent", statement()), 422);
    assert!(!prism.violations().is_empty());
}
