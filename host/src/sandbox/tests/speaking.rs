//! What a sink says of itself before anyone has approved it: `describe` has no grant, and its
//! words are shown to the operator who approves.

use std::time::{Duration, Instant};

use super::stage::{Stage, guest};
use crate::policy::Description;
use crate::sandbox::CallError;

async fn describe(mode: u8) -> Result<Description, CallError> {
    let mut stage = Stage::new().await;
    stage.limits.time = Duration::from_secs(2);
    let prepared = stage.prepare(&guest(mode)).unwrap();
    stage.sandbox.describe(&prepared).await
}

#[tokio::test]
async fn a_panic_is_a_crash_and_its_message_is_not_shown() {
    let error = describe(b'2').await.unwrap_err();
    assert!(matches!(error, CallError::Trapped { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("`describe`") && !text.contains("a message"),
        "{text}"
    );
}

#[tokio::test]
async fn an_endless_loop_is_told_as_such_and_soon() {
    let started = Instant::now();
    let error = describe(b'3').await.unwrap_err();
    assert!(
        matches!(error, CallError::TimedOut { seconds: 2, .. }),
        "{error}"
    );
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn needs_that_differ_between_two_calls_are_seen() {
    let (first, second) = (describe(b'4').await.unwrap(), describe(b'4').await.unwrap());
    assert_ne!(first.needs, second.needs);
}

#[tokio::test]
async fn a_request_before_any_approval_is_not_sent() {
    let description = describe(b'5').await.unwrap();
    assert!(
        description.summary.starts_with("Obstacle::NotApproved"),
        "{}",
        description.summary
    );
}

#[tokio::test]
async fn an_endless_description_is_refused() {
    for mode in [b'6', b'7', b'a', b'b'] {
        let error = describe(mode).await.unwrap_err();
        assert!(
            !error.to_string().is_empty() && error.to_string().len() < 500,
            "{error}"
        );
    }
}

#[tokio::test]
async fn words_that_would_rewrite_the_operators_terminal_are_refused() {
    for mode in [b'8', b'c'] {
        let error = describe(mode).await.unwrap_err();
        assert!(matches!(error, CallError::Unusable { .. }), "{error}");
        assert!(
            !error.to_string().chars().any(char::is_control),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_schema_that_refers_to_itself_comes_to_an_end() {
    let description = describe(b'9').await.unwrap();
    let settings = serde_json::Map::new();
    let completed =
        crate::plugins::complete("etl", "hostile", &description.settings_schema, &settings);
    assert!(completed.is_err() || completed.is_ok_and(|settings| settings.is_empty()));
}
