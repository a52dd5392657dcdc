//! What the sink can read of the secret in what comes back: nothing, in any writing that servers
//! use; and, kept honest here, the two that no search can find.

use serde_json::json;

use super::nasty::written;
use super::stage::{SECRET, Stage, body, echo, need, put};
use crate::policy::{HttpNeed, Need};

/// The longest run of bytes that both have.
fn common(seen: &[u8], written: &[u8]) -> usize {
    let mut longest = 0;
    for start in 0..written.len() {
        while written.len() - start > longest
            && memchr::memmem::find(seen, &written[start..=start + longest]).is_some()
        {
            longest += 1;
        }
    }
    longest
}

#[tokio::test]
async fn no_writing_of_the_secret_reaches_the_sink() {
    let stage = Stage::new().await;
    for name in [
        "raw",
        "json",
        "json-in-json",
        "unicode",
        "unicode-text",
        "unicode-lines",
        "unicode-in-json",
        "unicode-name",
        "base64-0",
        "base64-1",
        "base64-2",
        "base64-url",
        "base64-json",
        "hex",
        "HEX",
        "percent",
        "percent-all",
        "percent-twice",
        "entities",
        "entities-decimal",
        "sql",
        "debug",
        "utf16",
        "latin1",
    ] {
        let step = stage.step(echo(), put(name)).await;
        let seen = body(&step);
        let whole = written(name, SECRET);
        // What stands around the value, and its borders in base64, may be seen.
        let around = written(name, "").len().min(whole.len());
        let most = 5 + around.min(14);
        assert!(
            common(&seen, &whole) <= most,
            "{name}: {} of {} bytes in {:?}",
            common(&seen, &whole),
            whole.len(),
            String::from_utf8_lossy(&seen)
        );
    }
    let sent = stage.store.seen();
    assert!(
        sent.iter()
            .all(|seen| String::from_utf8_lossy(&seen.body).contains("s3cr3t-\\\""))
    );
}

#[tokio::test]
async fn a_value_folded_over_lines_is_found() {
    let stage = Stage::new().await;
    let seen = body(&stage.step(echo(), put("base64-wrapped")).await);
    let text = String::from_utf8_lossy(&seen).replace(['\r', '\n', ' '], "");
    let unwrapped = String::from_utf8(written("base64-wrapped", SECRET)).unwrap();
    let unwrapped = unwrapped.replace(['\r', '\n', ' '], "");
    assert!(
        common(text.as_bytes(), unwrapped.as_bytes()) <= 18,
        "{text}"
    );
}

#[tokio::test]
async fn response_headers_are_searched_and_some_are_kept_back() {
    let stage = Stage::new().await;
    let step = stage.step(echo(), put("headers")).await;
    let headers = step["headers"].to_string();
    for (name, most) in [("percent", 6), ("raw", 6), ("base64-0", 3), ("json", 6)] {
        let run = common(headers.as_bytes(), &written(name, SECRET));
        assert!(run <= most, "{name}: {run} in {headers}");
    }
    for hidden in ["set-cookie", "www-authenticate", "content-length"] {
        assert!(!headers.contains(hidden), "{headers}");
    }
    for name in ["header-name", "header-latin1"] {
        let headers = stage.step(echo(), put(name)).await["headers"].to_string();
        assert!(
            common(headers.as_bytes(), &written("hex", SECRET)) < 8,
            "{headers}"
        );
        assert!(
            common(headers.as_bytes(), SECRET.as_bytes()) < 8,
            "{headers}"
        );
    }
}

#[tokio::test]
async fn compressed_answers_are_refused() {
    let stage = Stage::new().await;
    for name in ["gzip", "gzip-unsaid", "gzip-transfer"] {
        let step = stage.step(echo(), put(name)).await;
        assert_eq!(step["why"], "Obstacle::Unreachable", "{name}: {step}");
        assert_eq!(step["maybe_sent"], true, "{name}: {step}");
    }
}

#[tokio::test]
async fn what_the_host_cannot_recognise_gets_through() {
    let stage = Stage::new().await;
    for name in ["reversed", "split"] {
        let seen = body(&stage.step(echo(), put(name)).await);
        assert_eq!(seen, written(name, SECRET), "{name}");
    }
}

#[tokio::test]
async fn fields_to_hide_that_cannot_be_found_hide_the_whole_answer() {
    let stage = Stage::new().await;
    let neighbours = |name: &str, seals: &[&str]| {
        let need = HttpNeed {
            body: vec![(String::new(), "*".into())],
            seals: seals.iter().map(|seal| (*seal).into()).collect(),
            ..need("PUT", &format!("https://store.test/echo/{name}"))
        };
        vec![Need::Http(need)]
    };
    for (body_sent, seals) in [
        (r#"{"k":"neighbours-own-value"} trailing"#, "/k"),
        ("k: neighbours-own-value", "/k"),
        ("\u{feff}{\"k\":\"neighbours-own-value\"}", "/k"),
        ("<k>neighbours-own-value</k>", "/k"),
        (r#"{"k":"neighbours-own-value\ud800"}"#, "/k"),
        (r#"{"k":{"\ud800":"neighbours-own-value"}}"#, "/k/*"),
        (r#"{"k":"{neighbours-own-value"}"#, "/k/#/a"),
        (r#"{"k":"neighbours-own-value"}"#, "/k/#/*"),
        (r#"{"k":"\"neighbours-own-value\""}"#, "/k/#/*"),
    ] {
        let step = json!({
            "do": "send", "method": "PUT", "url": "https://store.test/echo/same", "body": body_sent,
        });
        let seen = body(&stage.step(neighbours("same", &[seals]), step).await);
        let seen = String::from_utf8_lossy(&seen).into_owned();
        assert!(
            !seen.contains("neighbours-own"),
            "{body_sent} under {seals}: {seen}"
        );
    }
    let utf8 = json!({
        "do": "send", "method": "PUT", "url": "https://store.test/echo/latin1",
        "body": r#"{"value":"{\"k\":\"neighbours-own-value é\"}"}"#,
    });
    let seen = body(&stage.step(neighbours("latin1", &["/k"]), utf8).await);
    let seen = String::from_utf8_lossy(&seen).into_owned();
    assert!(!seen.contains("neighbours-own"), "{seen}");
}

#[tokio::test]
async fn an_answer_with_very_many_fields_to_hide_hides_them_all_in_time() {
    let mut stage = Stage::new().await;
    stage.limits.time = std::time::Duration::from_secs(20);
    let many: Vec<String> = (0..20_000)
        .map(|n| format!("\"neighbour-{n:06}\""))
        .collect();
    let need = HttpNeed {
        body: vec![(String::new(), "*".into())],
        seals: vec!["/*".into()],
        ..need("PUT", "https://store.test/echo/same")
    };
    let script = json!([{
        "do": "send", "method": "PUT", "url": "https://store.test/echo/same",
        "body": format!("[{}]", many.join(",")), "keep": "neighbour-",
    }]);
    let seen = stage.play(vec![Need::Http(need)], script).await.unwrap();
    assert_eq!(seen[0]["body"], "", "{}", seen[0]);
    assert!(seen[0]["length"].as_u64().unwrap() > 20_000 * 40);
}
