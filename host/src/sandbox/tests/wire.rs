//! Where the wire goes and how much of it there is: addresses, redirects, and servers that lie.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::{Stage, body, echo, need, put};
use crate::policy::Need;
use crate::sandbox::http::PrivateRanges;

fn get(url: &str) -> Value {
    json!({ "do": "send", "method": "GET", "url": url })
}

/// Approved or not, an address that is not public is not connected to.
#[tokio::test]
async fn approved_hosts_with_addresses_that_are_not_public_are_refused() {
    let stage = Stage::new().await;
    let hosts = [
        "127.0.0.1",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[64:ff9b::a9fe:a9fe]",
        "168.63.129.16",
        "10.0.0.1",
        "localhost",
    ];
    for host in hosts {
        let url = format!("https://{host}:{}/", stage.store.url.port().unwrap());
        let answer = stage
            .step(vec![Need::Http(need("GET", &url))], get(&url))
            .await;
        assert_eq!(answer["why"], "Obstacle::NotApproved", "{host}: {answer}");
        assert!(
            answer["message"]
                .as_str()
                .unwrap()
                .contains("not a public one"),
            "{answer}"
        );
    }
    assert!(stage.store.seen().is_empty());
}

/// What opens a range for one host opens it for no other, and for no other address.
#[tokio::test]
async fn a_private_range_is_opened_for_its_host_only() {
    let mut private = PrivateRanges::new();
    private.insert("localhost".into(), vec!["10.0.0.0/8".parse().unwrap()]);
    private.insert("other.test".into(), vec!["127.0.0.0/8".parse().unwrap()]);
    let stage = Stage::with_private(private).await;
    let url = format!("https://localhost:{}/", stage.store.url.port().unwrap());
    let answer = stage
        .step(vec![Need::Http(need("GET", &url))], get(&url))
        .await;
    assert_eq!(answer["why"], "Obstacle::NotApproved", "{answer}");
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let stage = Stage::new().await;
    let step = stage.step(echo(), put("redirect")).await;
    assert_eq!(step["status"], 307);
    assert!(
        step["headers"]
            .to_string()
            .contains("https://evil.test/taken")
    );
    assert_eq!(stage.store.seen().len(), 1);
}

#[tokio::test]
async fn answers_over_the_limit_are_cut_off_whatever_they_promise() {
    let stage = Stage::new().await;
    for name in ["oversized", "endless"] {
        let step = stage.step(echo(), put(name)).await;
        assert_eq!(step["why"], "Obstacle::TooLarge", "{name}: {step}");
        assert_eq!(step["maybe_sent"], true);
    }
    let step = stage.step(echo(), put("lie")).await;
    assert_eq!(step["why"], "Obstacle::Unreachable", "{step}");
}

#[tokio::test]
async fn a_slow_answer_ends_with_its_time() {
    let mut stage = Stage::new().await;
    stage.limits.request_time = Duration::from_millis(700);
    let started = std::time::Instant::now();
    let step = stage.step(echo(), put("drip")).await;
    assert_eq!(step["why"], "Obstacle::TimedOut", "{step}");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn an_error_is_an_answer_and_nothing_is_sent_twice() {
    let stage = Stage::new().await;
    let step = stage.step(echo(), put("missing")).await;
    assert_eq!(
        (&step["status"], body(&step)),
        (&json!(404), b"no such thing".to_vec())
    );
    assert_eq!(stage.store.seen().len(), 1);
}

#[tokio::test]
async fn a_request_over_the_limit_is_not_sent() {
    let mut stage = Stage::new().await;
    stage.limits.memory_bytes = 256 << 20;
    let mut step = put("same");
    step["size"] = json!((8 << 20) + 1);
    let answer = stage.step(echo(), step).await;
    assert_eq!(answer["why"], "Obstacle::TooLarge", "{answer}");
    let mut step = put("same");
    step["headers"] = json!([["accept", "x".repeat(70_000)]]);
    let answer = stage.step(echo(), step).await;
    assert_eq!(answer["why"], "Obstacle::NotApproved", "{answer}");
    assert!(stage.store.seen().is_empty());
}
