use serde_json::{Value, json};

use super::super::encode::encode;
use super::super::{Mock, Reply};
use super::{SECRET, Settings, URL, mock, put, put_body, read};
use crate::{
    Credential, Encoding, Failure, FailureKind, Host, HttpNeed, Level, Manifest, Obstacle, Plan,
    Receipt, Rollout, Sink, Target, Workload,
};

#[test]
fn what_no_need_allows_is_not_sent() {
    let mock = mock();
    let credential = mock.credential("id", SECRET);
    let host: &dyn Host = &mock;
    let token = credential.client_secret.token(&[]);
    let neighbour = mock.vault.borrow_mut().token("a neighbour", &[]);
    let statement = |token: &str| {
        let sql = format!("ALTER SECRET s SET SECRET_STRING = '{token}'");
        host.post(URL).json(&json!({ "sql": sql })).send()
    };
    let change = |pointer: &str, value: Value| {
        let mut body = put_body(&mock);
        body[pointer] = value;
        put(&mock, &body)
    };
    let refused = [
        (
            "the URL",
            host.get("https://store.us.example.com/v1/a%20b").send(),
        ),
        ("the URL", host.get(&format!("{URL}?q=1")).send()),
        ("the URL", host.get("https://extra.example.com/").send()),
        ("the method", host.request("DELETE", URL).send()),
        ("no body", host.get(URL).body("x").send()),
        ("header x-op", host.put(URL).json(&put_body(&mock)).send()),
        ("header cookie", host.get(URL).header("cookie", "a").send()),
        (
            "holds a token",
            host.get(URL).header("accept", &token).send(),
        ),
        ("/id", change("id", json!("other"))),
        ("/count", change("count", json!(8))),
        ("/on", change("on", json!(false))),
        ("/more", change("more", json!(1))),
        ("/key", change("key", json!("another attempt"))),
        (
            "not JSON",
            host.put(URL).header("x-op", "Put").body("{").send(),
        ),
        (
            "/sql",
            host.post(URL)
                .json(&json!({ "sql": format!("DROP TABLE x; '{token}'") }))
                .send(),
        ),
        ("/sql", statement("guess")),
        ("/sql", statement(&neighbour)),
        (
            "content-type text/plain",
            host.put(URL)
                .header("x-op", "Put")
                .header("content-type", "text/plain")
                .body(put_body(&mock).to_string())
                .send(),
        ),
        (
            "in base64",
            change("value", encode(&token, &[Encoding::Base64]).into()),
        ),
        (
            "in base64",
            change(
                "value",
                encode(&format!("x{token}y"), &[Encoding::Base64]).into(),
            ),
        ),
    ];
    for (part, outcome) in refused {
        let unanswered = outcome.expect_err(part);
        assert_eq!(unanswered.why, Obstacle::NotApproved);
        assert!(
            unanswered.message.contains(part),
            "{} does not name {part}",
            unanswered.message
        );
        assert_eq!(unanswered.while_writing().kind, FailureKind::Rejected);
    }
    assert!(mock.requests().is_empty());
    mock.on("POST", URL).json(200, json!({}));
    let statement = format!(
        "ALTER SECRET s SET SECRET_STRING = '{}'",
        credential.client_secret.token(&[Encoding::Sql])
    );
    host.post(URL)
        .json(&json!({ "sql": statement }))
        .send()
        .expect("allowed");
    mock.on("GET", "https://prefix.example.com/a/b/c?x=1")
        .json(200, json!({}));
    host.get("https://prefix.example.com/a/b/c?x=1")
        .send()
        .expect("a prefix and any query");
}

#[test]
fn a_token_is_refused_where_no_secret_is_carried() {
    struct Leaky;
    impl Sink for Leaky {
        type Settings = Settings;
        fn describe() -> Manifest {
            Manifest::new("leaky", "0.1.0", "For tests")
                .need(HttpNeed::post("https://x.example.com/").any_body())
        }
        fn check(_: &dyn Host, _: &Target<Settings>, _: &Credential) -> Result<Plan, Failure> {
            Err(Failure::rejected("unused"))
        }
        fn write(
            host: &dyn Host,
            _: &Target<Settings>,
            fresh: &Credential,
        ) -> Result<Receipt, Failure> {
            host.post("https://x.example.com/")
                .body(fresh.client_secret.token(&[]))
                .send()?;
            Ok(Receipt::new("", ""))
        }
        fn verify(_: &dyn Host, _: &Target<Settings>, _: &Credential) -> Result<Receipt, Failure> {
            Err(Failure::rejected("unused"))
        }
        fn restart(_: &dyn Host, _: &Target<Settings>, _: &Receipt) -> Result<Workload, Failure> {
            Err(Failure::rejected("unused"))
        }
        fn observe(_: &dyn Host, _: &Target<Settings>, _: &Workload) -> Result<Rollout, Failure> {
            Err(Failure::rejected("unused"))
        }
    }
    let mock = Mock::of::<Leaky>(json!({ "region": "eu", "name": "a" }));
    let fresh = mock.credential("id", SECRET);
    let failure = Leaky::write(&mock, &mock.target::<Leaky>(), &fresh).expect_err("refused");
    assert!(failure.message.contains("carries no secret"), "{failure}");
}

#[test]
fn files_are_read_sealed_and_replaced_at_their_revision() {
    let mock = mock();
    let fresh = mock.credential("id", SECRET);
    mock.hide("neighbour");
    mock.file("values", "a: \"neighbour\"\n");
    mock.file("chart", "name: x\n");
    let document = mock.read("values").expect("it is there");
    let text = document.text().expect("UTF-8");
    assert!(!text.contains("neighbour"));
    let next = format!(
        "{text}b: \"{}\"\n",
        fresh.client_secret.token(&[Encoding::Yaml])
    );
    let revision = mock
        .replace("values", next.as_bytes(), &document.revision)
        .expect("nothing came between");
    assert_eq!(
        mock.contents("values"),
        "a: \"neighbour\"\nb: \"s\\\"e\\\\c'r{{e}}t-é%\"\n"
    );
    let coded = encode(&fresh.client_secret.token(&[]), &[Encoding::Base64]);
    let refused = mock.replace("values", coded.as_bytes(), &revision);
    assert_eq!(
        refused.expect_err("the token itself").kind,
        FailureKind::Rejected
    );
    mock.file("values", "changed");
    let kind = |outcome: Result<String, Failure>| outcome.expect_err("refused").kind;
    assert_eq!(
        kind(mock.replace("values", b"x", &revision)),
        FailureKind::Conflict
    );
    assert_eq!(
        kind(mock.replace("chart", b"x", "1")),
        FailureKind::Rejected
    );
    assert_eq!(
        mock.read("nowhere").expect_err("no setting").kind,
        FailureKind::Rejected
    );
    assert_eq!(
        mock.read("other").expect_err("no need").kind,
        FailureKind::Rejected
    );
}

#[test]
fn commands_run_by_name_with_their_arguments_filled() {
    let mock = mock();
    mock.command("list", 0, r#"[{"secret":"hidden"}]"#, "");
    mock.command("list", 1, "", "Error: no");
    let first = mock.run("list").expect("declared");
    assert!(!first.stdout.contains("hidden"));
    assert_eq!(mock.run("list").expect("declared").status, 1);
    assert_eq!(mock.run("list").expect("declared").stderr, "Error: no");
    assert_eq!(
        mock.runs()[0],
        ["helm", "list", "a b"],
        "an argument that names an absent setting is left out"
    );
    assert_eq!(
        mock.run("rm").expect_err("no need").kind,
        FailureKind::Rejected
    );
}

#[test]
fn lost_answers_and_lines_are_as_laid_out() {
    let mock = mock();
    mock.on("GET", URL)
        .once()
        .unanswered(Obstacle::TimedOut, true);
    mock.on("GET", URL)
        .reply(Reply::text(503, "busy").header("Retry-After", "3"));
    let host: &dyn Host = &mock;
    let lost = host.get(URL).send().expect_err("lost");
    assert_eq!(lost.clone().while_reading().kind, FailureKind::Unavailable);
    assert_eq!(Failure::from(lost).kind, FailureKind::Uncertain);
    let answer = host.get(URL).send().expect("an answer");
    assert_eq!(
        (answer.status, answer.retry_after_ms(), answer.is_success()),
        (503, Some(3000), false)
    );
    assert_eq!(
        answer.json::<Value>().expect_err("no JSON").kind,
        FailureKind::Rejected
    );
    host.warn("a line");
    assert_eq!(mock.lines(), [(Level::Warning, "a line".to_owned())]);
}

#[test]
#[should_panic(expected = "lays out no answer")]
fn an_answer_that_was_not_laid_out_is_the_tests_mistake() {
    read(&mock());
}
