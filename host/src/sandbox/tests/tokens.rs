//! What a sink can do with tokens, besides what they are for.

use serde_json::{Value, json};

use super::stage::{SECRET, Stage, body, credential, echo, guest, need, put, seen};
use crate::policy::{HttpNeed, Need};
use crate::sandbox::{CallError, LogLevel};

#[tokio::test]
async fn a_token_stands_in_a_body_that_carries_the_secret_and_nowhere_else() {
    let stage = Stage::new().await;
    let plain = HttpNeed {
        body: vec![(String::new(), "*".into())],
        headers: vec![("x-note".into(), "*".into())],
        ..need("POST", "https://store.test/plain/*")
    };
    let needs = || vec![echo().remove(0), Need::Http(plain.clone())];
    let url = "https://store.test/plain/raw";
    for (step, says) in [
        (json!({"url": url, "body": "{token}"}), "without the secret"),
        (
            json!({"url": format!("{url}/{{token}}")}),
            "never in an address",
        ),
        (
            json!({"url": format!("{url}?q={{token}}")}),
            "never in an address",
        ),
        (
            json!({"url": url, "headers": [["x-note", "{token}"]]}),
            "never in an address",
        ),
        (
            json!({"url": url, "headers": [["{token}", "x"]]}),
            "never in an address",
        ),
    ] {
        let mut step = step;
        step["do"] = "send".into();
        step["method"] = "POST".into();
        let answer = stage.step(needs(), step).await;
        assert_eq!(answer["why"], "Obstacle::NotApproved", "{answer}");
        assert!(
            answer["message"].as_str().unwrap().contains(says),
            "{answer}"
        );
    }
    assert!(stage.store.seen().is_empty());
}

#[tokio::test]
async fn damaged_tokens_are_refused_and_foreign_ones_mean_nothing() {
    let stage = Stage::new().await;
    let prepared = stage.prepare(&guest(b'0')).unwrap();
    let script = json!([{ "do": "token", "text": "{token}" }]);
    let first = stage.sink(&prepared, echo(), script);
    let token = seen(&first.check(&credential()).await.unwrap()).remove(0);
    let token = token.as_str().unwrap();

    let script = json!([
        { "do": "matches", "text": token },
        { "do": "matches", "text": SECRET },
        { "do": "matches", "text": "{token:json}" },
        { "do": "matches", "text": "{token}x" },
        put("raw"),
        { "do": "send", "method": "PUT", "url": "https://store.test/echo/same", "body": token },
    ]);
    let second = stage.sink(&prepared, echo(), script);
    let report = seen(&second.check(&credential()).await.unwrap());
    assert_eq!(
        report[..4],
        [json!(false), json!(false), json!(true), json!(false)]
    );
    assert_eq!(body(&report[5]), token.as_bytes());
    let sent = stage.store.seen().pop().unwrap();
    assert_eq!(
        sent.body,
        token.as_bytes(),
        "a token of another call is text"
    );

    let damaged = "{token}";
    let script = json!([
        { "do": "token", "text": damaged },
        { "do": "send", "method": "PUT", "url": "https://store.test/echo/same", "body": "kfseal" },
    ]);
    let report = stage.play(echo(), script).await.unwrap();
    let given = report[0].as_str().unwrap();
    assert_eq!(body(&report[1]), b"kfseal");
    let cut = json!([{
        "do": "send", "method": "PUT", "url": "https://store.test/echo/same",
        "body": "{cut}",
    }]);
    let answer = stage.play(echo(), cut).await.unwrap().remove(0);
    assert_eq!(answer["why"], "Obstacle::NotApproved", "{answer} {given}");
}

#[tokio::test]
async fn more_encodings_than_are_searched_for_end_the_call() {
    let stage = Stage::new().await;
    for list in ["json,json,json,json", "base64,json,base64"] {
        let script = json!([{ "do": "token", "text": format!("{{token:{list}}}") }]);
        let error = stage.play(echo(), script).await.unwrap_err();
        assert!(matches!(error, CallError::OverLimit { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_token_in_a_pattern_stands_for_the_credential_only() {
    let stage = Stage::new().await;
    let needs = vec![
        Need::Http(HttpNeed {
            body: vec![(String::new(), "*".into())],
            seals: vec!["/k".into()],
            ..need("PUT", "https://store.test/echo/same")
        }),
        Need::Http(HttpNeed {
            body: vec![("/statement".into(), "SET x = '{token}'".into())],
            carries_secret: true,
            ..need("POST", "https://store.test/sql")
        }),
    ];
    let post = |token: &str| {
        let body = json!({ "statement": format!("SET x = '{token}'") }).to_string();
        json!({ "do": "send", "method": "POST", "url": "https://store.test/sql", "body": body })
    };
    let stored = r#"{"k":"x'; DROP TABLE y; --"}"#;
    let script = json!([
        { "do": "send", "method": "PUT", "url": "https://store.test/echo/same", "body": stored },
        post("{seen:0:/k}"),
        post("{token:sql,json}"),
        post("{token:sql,json}{token:sql,json}"),
    ]);
    let report = stage.play(needs, script).await.unwrap();
    assert_eq!(report[1]["why"], "Obstacle::NotApproved", "{}", report[1]);
    assert_eq!(report[2]["status"], 200, "{}", report[2]);
    assert_eq!(report[3]["why"], "Obstacle::NotApproved", "{}", report[3]);
    assert!(
        !stage
            .store
            .seen()
            .iter()
            .any(|s| s.head.starts_with("POST") && s.body.windows(4).any(|w| w == b"DROP"))
    );
}

/// A value with quotes in it could write members that the policy never saw.
#[tokio::test]
async fn a_sealed_value_cannot_break_out_of_a_pinned_body() {
    let stage = Stage::new().await;
    let needs = vec![
        Need::Http(HttpNeed {
            body: vec![(String::new(), "*".into())],
            seals: vec!["/k".into()],
            ..need("PUT", "https://store.test/echo/same")
        }),
        Need::Http(HttpNeed {
            body: vec![("/id".into(), "mine".into()), ("/text".into(), "*".into())],
            carries_secret: true,
            ..need("POST", "https://store.test/put")
        }),
    ];
    // `x","id":"other` is a neighbour's value, and stands raw in the structure of the same answer.
    let stored = r#"{"k":"x\",\"id\":\"other","text":"x","id":"other"}"#;
    let pinned = |text: &str| {
        let body = format!(r#"{{"id":"mine","text":"{text}"}}"#);
        json!({ "do": "send", "method": "POST", "url": "https://store.test/put", "body": body })
    };
    let script = json!([
        { "do": "send", "method": "PUT", "url": "https://store.test/echo/same", "body": stored },
        pinned("{seen:0:/text}"),
        pinned("{seen:0:/k}"),
        pinned("{token}"),
        pinned("{token:json}"),
    ]);
    let report = stage.play(needs, script).await.unwrap();
    let refused = |answer: &Value| answer["why"] == "Obstacle::NotApproved";
    assert!(
        refused(&report[1]) && refused(&report[3]),
        "{} {}",
        report[1],
        report[3]
    );
    assert_eq!(report[2]["status"], 200, "{}", report[2]);
    assert_eq!(report[4]["status"], 200, "{}", report[4]);
    for sent in stage
        .store
        .seen()
        .iter()
        .filter(|sent| sent.head.starts_with("POST"))
    {
        let sent: Value = serde_json::from_slice(&sent.body).unwrap();
        assert_eq!(sent["id"], "mine");
    }
}

#[tokio::test]
async fn a_token_is_not_stored_in_the_secrets_place() {
    let stage = Stage::new().await;
    // JSON escapes and base64 hide a token from the gate, and the store would keep the token.
    for body in [r#"{"value":"\u006bfseal{tail}"}"#, "{base64}"] {
        let step = json!({
            "do": "send", "method": "PUT", "url": "https://store.test/echo/same", "body": body,
        });
        let answer = stage.step(echo(), step).await;
        assert_eq!(answer["why"], "Obstacle::NotApproved", "{body}: {answer}");
    }
    assert!(stage.store.seen().is_empty());
}

#[tokio::test]
async fn nothing_that_people_read_holds_a_token_or_moves_a_cursor() {
    let stage = Stage::new().await;
    let nasty = format!("{{token}} {SECRET} \u{1b}[31mred\u{7}\r\nnew \u{202e}line\u{9b}2J");
    let script = json!([{ "do": "log", "text": nasty }, { "do": "say", "text": nasty }]);
    let prepared = stage.prepare(&guest(b'0')).unwrap();
    let plan = stage
        .sink(&prepared, vec![], script.clone())
        .check(&credential())
        .await
        .unwrap();
    let receipt = stage
        .sink(&prepared, vec![], script)
        .write(&credential())
        .await
        .unwrap();
    let fail = json!([{ "do": "fail", "text": nasty }]);
    let failure = stage
        .sink(&prepared, vec![], fail)
        .write(&credential())
        .await
        .unwrap_err();
    let lines = stage.lines();
    assert_eq!(lines[0].level, LogLevel::Info);
    let said = [
        plan.location,
        receipt.location,
        receipt.version,
        failure.to_string(),
        lines[0].message.clone(),
    ];
    for text in said {
        assert!(text.starts_with("[secret] [secret] "), "{text:?}");
        assert!(!text.contains("kfseal"), "{text:?}");
        assert!(
            !text.chars().any(|c| c.is_control() || c == '\u{202e}'),
            "{text:?}"
        );
    }
}
