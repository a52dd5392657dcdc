//! What a sink can use up, and that each end is told by what it was.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::foreign::with_core_instances;
use super::stage::{Stage, credential, echo, guest, put};
use crate::sandbox::CallError;

async fn error(stage: &Stage, step: Value) -> CallError {
    let error = stage.play(echo(), json!([step])).await.unwrap_err();
    assert!(error.to_string().contains("`check`"), "{error}");
    error
}

#[tokio::test]
async fn loops_and_sleeps_end_with_the_time() {
    let mut stage = Stage::new().await;
    let prepared = stage.prepare(&guest(b'0')).unwrap();
    drop(prepared);
    stage.limits.time = Duration::from_secs(2);
    for step in ["spin", "sleep"] {
        let started = Instant::now();
        let error = error(&stage, json!({ "do": step })).await;
        assert!(
            matches!(error, CallError::TimedOut { seconds: 2, .. }),
            "{step}: {error}"
        );
        let took = started.elapsed().as_secs_f64();
        assert!((2.0..2.4).contains(&took), "{step} took {took} s");
    }
}

#[tokio::test]
async fn memory_is_counted_over_all_memories() {
    let stage = Stage::new().await;
    let told = error(&stage, json!({ "do": "grow" })).await;
    assert!(
        matches!(told, CallError::OverLimit { what: "memory", .. }),
        "{told}"
    );

    // Nine memories of 10 MiB each, none of them over the limit by itself.
    let memory = b"\x05\x04\x01\x00\xa0\x01";
    let many = with_core_instances(&guest(b'0'), memory, 9);
    let prepared = stage.prepare(&many).unwrap();
    let sink = stage.sink(&prepared, echo(), json!([]));
    let told = sink.check(&credential()).await.unwrap_err();
    assert!(
        matches!(told, CallError::OverLimit { what: "memory", .. }),
        "{told}"
    );
}

#[tokio::test]
async fn memories_tables_and_instances_are_counted() {
    let stage = Stage::new().await;
    // Empty memories; small tables; a table that is too large; instances of nothing.
    for (module, times) in [
        (&b"\x05\x03\x01\x00\x01"[..], 40),
        (&b"\x04\x04\x01\x70\x00\x01"[..], 100),
        (&b"\x04\x06\x01\x70\x00\xa0\x8d\x06"[..], 2),
        (&b""[..], 100),
    ] {
        let told = match stage.prepare(&with_core_instances(&guest(b'0'), module, times)) {
            Err(refused) => refused.to_string(),
            Ok(prepared) => {
                let sink = stage.sink(&prepared, echo(), json!([]));
                sink.check(&credential()).await.unwrap_err().to_string()
            }
        };
        assert!(told.len() < 400, "{told}");
    }
}

#[tokio::test]
async fn deep_recursion_and_panics_are_crashes() {
    let stage = Stage::new().await;
    let told = error(&stage, json!({ "do": "recurse" })).await;
    assert!(matches!(&told, CallError::Trapped { .. }), "{told}");
    let told = error(
        &stage,
        json!({ "do": "panic", "text": "{token} \u{1b}[2J" }),
    )
    .await;
    assert!(matches!(&told, CallError::Trapped { .. }), "{told}");
    assert!(
        !told.to_string().contains("kfseal") && !told.to_string().contains('\u{1b}'),
        "{told}"
    );
}

#[tokio::test]
async fn too_many_requests_end_the_call() {
    let mut stage = Stage::new().await;
    stage.limits.requests = 5;
    let script: Vec<Value> = (0..6).map(|_| put("same")).collect();
    let told = stage.play(echo(), script.into()).await.unwrap_err();
    assert!(
        matches!(
            told,
            CallError::OverLimit {
                what: "requests",
                ..
            }
        ),
        "{told}"
    );
    assert_eq!(stage.store.seen().len(), 5);
}

#[tokio::test]
async fn a_flood_of_lines_is_cut() {
    let stage = Stage::new().await;
    let long = "x".repeat(100_000);
    let step = json!({ "do": "log", "times": 5_000, "text": long });
    let _ = stage.play(vec![], json!([step])).await;
    let lines = stage.lines();
    assert!(lines.len() <= 1_000, "{}", lines.len());
    assert!(lines.iter().all(|line| line.message.len() <= 4_096));
}

#[tokio::test]
async fn what_crosses_the_border_in_one_call_is_bounded() {
    let mut stage = Stage::new().await;
    stage.limits.memory_bytes = 512 << 20;
    for step in [
        json!({ "do": "say-large", "size": 100 << 20 }),
        json!({ "do": "send", "method": "PUT", "url": "https://store.test/echo/same", "size": 100 << 20 }),
        json!({ "do": "random", "size": 100 << 20 }),
        json!({ "do": "handles", "size": 100_000 }),
    ] {
        let told = error(&stage, step.clone()).await;
        assert!(told.to_string().len() < 400, "{told}");
    }
    assert!(stage.store.seen().is_empty());
}

#[tokio::test]
async fn many_tokens_of_one_value_are_one() {
    let stage = Stage::new().await;
    let seen = stage
        .step(echo(), json!({ "do": "tokens", "size": 5_000 }))
        .await;
    assert_eq!(seen, json!(5_000 * 43));
}

/// After a call that was ended, the next one finds everything as it was.
#[tokio::test]
async fn one_call_cannot_hurt_the_next() {
    let mut stage = Stage::new().await;
    stage.limits.time = Duration::from_secs(2);
    for step in ["spin", "grow", "recurse"] {
        let _ = error(&stage, json!({ "do": step })).await;
        assert_eq!(stage.step(echo(), put("json")).await["status"], 200);
    }
}
