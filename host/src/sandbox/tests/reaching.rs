//! Where a sink can get to: the request as it was approved, and not one that differs by a hair.

use serde_json::{Value, json};

use super::stage::{Stage, need};
use crate::policy::{HttpNeed, Need};

/// One pinned request, and one prefix.
fn needs() -> Vec<Need> {
    vec![
        Need::Http(HttpNeed {
            headers: vec![("x-op".into(), "put".into())],
            body: vec![("/id".into(), "mine".into()), ("/text".into(), "*".into())],
            ..need("POST", "https://store.test/v1/secret?op=x")
        }),
        Need::Http(need("GET", "https://store.test/prefix/*")),
    ]
}

const URL: &str = "https://store.test/v1/secret?op=x";
const BODY: &str = r#"{"id":"mine","text":1}"#;

fn post(url: &str, headers: Value, body: &str) -> Value {
    json!({ "do": "send", "method": "POST", "url": url, "headers": headers, "body": body })
}

fn get(url: &str) -> Value {
    json!({ "do": "send", "method": "GET", "url": url })
}

fn assert_refused(answers: &[Value], says: &[&str]) {
    for (answer, says) in answers.iter().zip(says) {
        assert_eq!(answer["why"], "Obstacle::NotApproved", "{says}: {answer}");
        assert_eq!(answer["maybe_sent"], false, "{answer}");
        assert!(
            answer["message"].as_str().unwrap().contains(says),
            "{says}: {answer}"
        );
    }
}

#[tokio::test]
async fn every_part_of_a_request_is_the_approved_one_and_what_differs_is_named() {
    let stage = Stage::new().await;
    let op = || json!([["x-op", "put"]]);
    let right = post(URL, op(), BODY);
    let mut cases = vec![
        (
            post("https://evil.test/v1/secret?op=x", op(), BODY),
            "no approved need names the host",
        ),
        (
            post("http://store.test/v1/secret?op=x", op(), BODY),
            "https",
        ),
        (
            post("https://store.test:444/v1/secret?op=x", op(), BODY),
            "port 444",
        ),
        (post("https://store.test/v1/other?op=x", op(), BODY), "path"),
        (
            post("https://store.test/v1/secret?op=y", op(), BODY),
            "query",
        ),
        (post("https://store.test/v1/secret", op(), BODY), "query"),
        (post(URL, json!([]), BODY), "x-op"),
        (post(URL, json!([["x-op", "delete"]]), BODY), "x-op"),
        (
            post(URL, json!([["x-op", "put"], ["x-more", "1"]]), BODY),
            "x-more",
        ),
        (post(URL, op(), r#"{"id":"other","text":1}"#), "/id"),
        (
            post(URL, op(), r#"{"id":"mine","text":1,"force":true}"#),
            "/force",
        ),
        (post(URL, op(), r#"{"id":"mine","text":1} {}"#), "JSON"),
        (
            post(URL, op(), r#"{"id":"mine","\u0069d":"other","text":1}"#),
            "twice",
        ),
        (
            post(
                URL,
                op(),
                r#"{"$serde_json::private::RawValue":"{\"id\":\"mine\",\"text\":1}"}"#,
            ),
            "JSON",
        ),
        (
            post(URL, op(), r#"{"\u0024serde_json::private::Number":"1"}"#),
            "JSON",
        ),
    ];
    let mut delete = right.clone();
    delete["method"] = "DELETE".into();
    cases.push((delete, "method DELETE"));
    let says: Vec<&str> = cases.iter().map(|(_, says)| *says).collect();
    let mut script: Vec<Value> = cases.iter().map(|(step, _)| step.clone()).collect();
    script.push(right);
    let answers = stage.play(needs(), script.into()).await.unwrap();
    assert_refused(&answers[..says.len()], &says);
    assert_eq!(answers[says.len()]["status"], 200);
    assert_eq!(stage.store.seen().len(), 1);
}

#[tokio::test]
async fn a_pinned_body_is_sent_as_the_json_that_was_looked_at() {
    let stage = Stage::new().await;
    let with = |kind: &str| post(URL, json!([["x-op", "put"], ["content-type", kind]]), BODY);
    let twice = json!([
        ["x-op", "put"],
        ["content-type", "application/json"],
        ["Content-Type", "text/plain"]
    ]);
    let script = json!([
        with("application/x-www-form-urlencoded"),
        with("application/cbor"),
        with("application/json; charset=utf-16"),
        with("multipart/form-data; boundary=x"),
        post(URL, twice, BODY),
        with("application/json"),
        with("application/x-amz-json-1.1"),
        with("Application/JSON; charset=UTF-8"),
        with("application/merge-patch+json"),
    ]);
    let answers = stage.play(needs(), script).await.unwrap();
    assert_refused(&answers[..5], &["content-type"; 5]);
    for answer in &answers[5..] {
        assert_eq!(answer["status"], 200, "{answer}");
    }
}

#[tokio::test]
async fn a_path_cannot_climb_out_of_a_prefix() {
    let stage = Stage::new().await;
    let paths = [
        "/prefix/../admin",
        "/prefix/%2e%2e/admin",
        "/prefix/.%2E/admin",
        "/prefix/..\\admin",
        "/prefix/..%2fadmin",
        "/prefix/..%5Cadmin",
        "/prefix/a%2f..%2f..%2fadmin",
        "/prefix/%252e%252e%252fadmin",
        "/prefix/..;/admin",
        "/prefix/a%00b",
        "/Prefix/a",
        "/prefix",
        "//prefix/a",
    ];
    let script: Vec<Value> = paths
        .iter()
        .map(|path| get(&format!("https://store.test{path}")))
        .collect();
    let answers = stage.play(needs(), script.into()).await.unwrap();
    assert_refused(&answers, &vec!["path"; paths.len()]);
    let script = json!([
        get("https://store.test/prefix/raw"),
        get("https://store.test/prefix/a/./b%20c")
    ]);
    for answer in stage.play(needs(), script).await.unwrap() {
        assert_eq!(answer["status"], 200, "{answer}");
    }
    let sent = stage.store.seen();
    assert!(
        sent.iter()
            .all(|seen| seen.head.starts_with("GET /prefix/")),
        "{sent:?}"
    );
}

#[tokio::test]
async fn a_host_is_the_approved_one_in_every_spelling() {
    let stage = Stage::new().await;
    let script = json!([
        get("https://store.test./prefix/raw"),
        get("https://st\u{43e}re.test/prefix/raw"),
        get("https://store.test@evil.test/prefix/raw"),
        get("https://user:word@store.test/prefix/raw"),
        get("https://store.test#@evil.test/prefix/raw"),
        get("https://store.test\\@evil.test/prefix/raw"),
        get("https://evil.test\\.store.test/prefix/raw"),
        get("https://store.test.evil.test/prefix/raw"),
        get("https://xn--stre-6nd.test/prefix/raw"),
        get("//store.test/prefix/raw"),
        get("javascript:alert(1)"),
        get("file:///etc/passwd"),
    ]);
    let answers = stage.play(needs(), script).await.unwrap();
    assert_refused(&answers, &[""; 12]);
    let script = json!([
        get("HTTPS://STORE.TEST:443/prefix/raw"),
        get(" https://st\tore.test/prefix/raw")
    ]);
    for answer in stage.play(needs(), script).await.unwrap() {
        assert_eq!(
            answer["status"], 200,
            "the one parser reads it so: {answer}"
        );
    }
    assert_eq!(stage.store.seen().len(), 2);
}

#[tokio::test]
async fn headers_that_are_the_hosts_are_refused() {
    let stage = Stage::new().await;
    let names = [
        "Authorization",
        "Host",
        "Range",
        "If-Range",
        "Accept-Encoding",
        "TE",
        "Cookie",
        "Connection",
        "Content-Length",
        "Transfer-Encoding",
        "Expect",
        "Proxy-Authorization",
        "X-Forwarded-Host",
        "X-Amz-Security-Token",
        "X-Amz-Date",
        "x-amz-content-sha256",
        "X-HTTP-Method-Override",
        "X-Snowflake-Authorization-Token-Type",
    ];
    let mut script: Vec<Value> = names
        .iter()
        .map(|name| post(URL, json!([["x-op", "put"], [name, "x"]]), BODY))
        .collect();
    for (name, value) in [
        ("accept", "a\r\nauthorization: x"),
        ("acc ept", "x"),
        ("", "x"),
        ("accept\r\n", "x"),
    ] {
        script.push(post(URL, json!([["x-op", "put"], [name, value]]), BODY));
    }
    let answers = stage.play(needs(), script.into()).await.unwrap();
    assert_refused(&answers, &vec!["header"; answers.len()]);
    assert!(stage.store.seen().is_empty());
}

#[tokio::test]
async fn nothing_is_reached_that_no_need_names() {
    let stage = Stage::new().await;
    let script = json!([
        get("https://store.test/"),
        { "do": "read", "name": "../../etc/passwd" },
        { "do": "replace", "name": "values", "body": "x", "revision": "1" },
        { "do": "run", "name": "sh" },
        { "do": "environment" },
    ]);
    let answers = stage.play(Vec::new(), script).await.unwrap();
    assert_refused(&answers[..1], &["no approved need"]);
    for answer in &answers[1..4] {
        assert_eq!(answer["kind"], "FailureKind::Rejected", "{answer}");
    }
    assert_eq!(answers[4], json!([[], []]));
}
