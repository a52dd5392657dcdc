//! Reads are tried again, within bounds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use reqwest::header::HeaderValue;

use super::*;
use crate::matillion::Error;
use crate::matillion::retry::asked_wait;

/// Fails so often, then answers.
async fn failing(times: usize, fault: fn() -> Reply) -> (Issuer, Client) {
    let done = AtomicUsize::new(0);
    issuer(move |_| match done.fetch_add(1, Ordering::SeqCst) < times {
        true => fault(),
        false => Reply::json(200, r#"{"agentId":"a"}"#),
    })
    .await
}

#[tokio::test]
async fn passing_faults_pass() {
    let faults: [fn() -> Reply; 8] = [
        || Reply::json(500, ""),
        || Reply::json(502, "<html>"),
        || Reply::json(503, ""),
        || Reply::json(504, ""),
        || Reply::with(429, "retry-after: 0", ""),
        || Reply::Lost,
        || Reply::Reset,
        || Reply::Cut("{".to_owned()),
    ];
    for fault in faults {
        let (_issuer, client) = failing(2, fault).await;
        client.runner(RUNNER).await.expect("the third try");
        let (issuer, client) = failing(3, fault).await;
        client
            .runner(RUNNER)
            .await
            .expect_err("three tries are all");
        assert_eq!(issuer.seen().len(), 1 + 3, "besides the token");
    }
}

#[tokio::test]
async fn lasting_faults_are_not_tried_again() {
    for status in [400, 403, 404, 409, 410, 301] {
        let (issuer, client) = issuer(move |_| Reply::json(status, "{}")).await;
        let error = client.runner(RUNNER).await.expect_err("a refusal");
        assert_eq!(error.status(), Some(status));
        assert_eq!(issuer.seen().len(), 2);
    }
}

#[tokio::test]
async fn the_issuer_may_ask_for_time() {
    let (_issuer, client) = failing(1, || Reply::with(429, "retry-after: 1", "")).await;
    let began = Instant::now();
    client.runner(RUNNER).await.expect("the second try");
    assert!(began.elapsed() >= Duration::from_secs(1));

    let (issuer, client) = failing(9, || Reply::with(429, "retry-after: 3600", "")).await;
    let error = client.runner(RUNNER).await.expect_err("too long");
    assert!(
        error
            .to_string()
            .ends_with("too many requests: try again in 3600 s"),
        "{error}"
    );
    assert_eq!(issuer.seen().len(), 2);
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let read = |text| asked_wait(&HeaderValue::from_static(text));
    assert_eq!(read("7"), Some(Duration::from_secs(7)));
    assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
    assert!(read("Fri, 31 Dec 2100 23:59:59 GMT") > Some(Duration::from_secs(1)));
    assert_eq!(read("soon"), None);
    assert_eq!(read("-1"), None);
}

#[test]
fn pauses_grow_and_are_spread() {
    let error = Error::Unreachable {
        call: crate::matillion::Call {
            method: reqwest::Method::GET,
            place: String::new(),
        },
        cause: String::new(),
        unsent: false,
    };
    let pause = |tried, chance| Pace::READS.pause(&error, tried, chance);
    let millis = |n| Some(Duration::from_millis(n));
    assert_eq!((pause(1, 0.0), pause(1, 1.0)), (millis(150), millis(300)));
    assert_eq!((pause(2, 0.0), pause(2, 1.0)), (millis(300), millis(600)));
    assert_eq!(pause(3, 0.0), None);
}

#[tokio::test]
async fn nobody_there_is_said_with_the_reason() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = nobody.local_addr().expect("an address").to_string();
    drop(nobody);
    let identity = Credential {
        client_id: "id".to_owned(),
        client_secret: SecretString::new("canary".to_owned()),
    };
    let client = Client::with_pace(endpoints(&address), identity, QUICK).expect("a client");
    let error = client.runners().await.expect_err("nobody there");
    assert_eq!(
        error.to_string(),
        format!(
            "POST http://{address}/token got no answer: Connection refused (os error 111); check \
             the network, and the region or base_url"
        )
    );
}
