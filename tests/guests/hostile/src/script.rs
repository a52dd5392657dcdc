//! Runs a test's script: a list of steps in the setting `script`. What each step gave is one
//! element of the report.

use serde_json::{Value, json};

use crate::keyferry::sink::types::{Credential, Encoding, Failure, FailureKind, Target};
use crate::keyferry::sink::{commands, files, http, log};
use crate::wasi::cli::environment;
use crate::wasi::clocks::monotonic_clock;
use crate::wasi::random::random;
use crate::{misuse, report};

/// What the sink says in the open, and all that it saw.
pub fn run(
    target: &Target,
    credential: Option<&Credential>,
) -> Result<(String, Vec<String>), Failure> {
    let settings: Value = serde_json::from_str(&target.settings).unwrap_or_default();
    let mut said = String::new();
    let mut seen = Vec::new();
    for step in settings["script"].as_array().into_iter().flatten() {
        seen.push(take(step, credential, &seen, &mut said)?);
    }
    Ok((said, report::masked(&Value::Array(seen).to_string())))
}

fn take(
    step: &Value,
    credential: Option<&Credential>,
    seen: &[Value],
    said: &mut String,
) -> Result<Value, Failure> {
    let text = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
    let filled = |name: &str| with_tokens(&text(name), credential, seen);
    let size = step["size"].as_u64().unwrap_or_default() as usize;
    Ok(match text("do").as_str() {
        "send" => send(step, credential, seen),
        "say" => {
            *said = filled("text");
            Value::Null
        }
        "fail" => {
            return Err(Failure {
                kind: FailureKind::Rejected,
                message: filled("text"),
                retry_after_ms: Some(u32::MAX),
            });
        }
        "log" => {
            for _ in 0..step["times"].as_u64().unwrap_or(1) {
                log::emit(log::Level::Info, &filled("text"));
            }
            Value::Null
        }
        "matches" => {
            json!(credential.is_some_and(|c| c.client_secret.matches(&filled("text"))))
        }
        "token" => json!(filled("text")),
        "tokens" => {
            let token = |_| with_tokens("{token:json,uri}", credential, seen);
            json!((0..size).map(token).map(|token| token.len()).sum::<usize>())
        }
        "read" => outcome(files::read(&text("name")).map(|d| report::bytes(&d.contents))),
        "replace" => outcome(files::replace(
            &text("name"),
            filled("body").as_bytes(),
            &text("revision"),
        )),
        "run" => outcome(commands::run(&text("name")).map(|output| output.stdout)),
        "environment" => json!([environment::get_environment(), environment::get_arguments()]),
        "random" => json!(random::get_random_bytes(size as u64).len()),
        "sleep" => {
            monotonic_clock::subscribe_duration(u64::MAX / 4).block();
            Value::Null
        }
        "handles" => {
            let all: Vec<_> = (0..size)
                .map(|_| monotonic_clock::subscribe_duration(1))
                .collect();
            json!(all.len())
        }
        "say-large" => {
            *said = "x".repeat(size);
            Value::Null
        }
        "spin" => misuse::spin(),
        "grow" => misuse::grow(),
        "recurse" => json!(misuse::recurse(0)),
        "panic" => panic!("{}", filled("text")),
        other => json!({ "unknown": other }),
    })
}

fn send(step: &Value, credential: Option<&Credential>, seen: &[Value]) -> Value {
    let text = |name: &str| step[name].as_str().unwrap_or_default();
    let filled = |text: &str| with_tokens(text, credential, seen);
    let headers = step["headers"].as_array().into_iter().flatten();
    let sent = http::send(&http::Request {
        method: text("method").to_owned(),
        url: filled(text("url")),
        headers: headers
            .map(|pair| {
                let part = |index: usize| filled(pair[index].as_str().unwrap_or_default());
                (part(0), part(1))
            })
            .collect(),
        body: match step["size"].as_u64() {
            Some(size) => misuse::filled(size as usize),
            None => filled(text("body")).into_bytes(),
        },
    });
    match sent {
        Ok(answer) => json!({
            "status": answer.status,
            "headers": answer.headers,
            "length": answer.body.len(),
            "body": kept(&answer.body, step["keep"].as_str()),
        }),
        Err(unanswered) => json!({
            "why": format!("{:?}", unanswered.why),
            "message": unanswered.message,
            "maybe_sent": unanswered.maybe_sent,
        }),
    }
}

/// A long answer does not fit into the report: what follows a word of it does.
fn kept(body: &[u8], word: Option<&str>) -> String {
    let Some(word) = word else {
        return report::bytes(body);
    };
    let found = body
        .windows(word.len())
        .position(|window| window == word.as_bytes());
    found.map_or_else(String::new, |at| {
        report::bytes(&body[at..body.len().min(at + 200)])
    })
}

fn outcome(result: Result<String, Failure>) -> Value {
    match result {
        Ok(text) => json!({ "ok": text }),
        Err(failure) => {
            json!({ "kind": format!("{:?}", failure.kind), "message": failure.message })
        }
    }
}

/// Fills in `{token}` and `{token:json,sql}`, `{seen:N:/pointer}` for what step `N` saw, and tokens
/// that were tampered with: `{cut}` lacks its end, `{tail}` its begin, `{base64}` is written so.
fn with_tokens(text: &str, credential: Option<&Credential>, seen: &[Value]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        let found = rest[at + 1..].split_once('}').and_then(|(name, after)| {
            let filled = placeholder(name, credential, seen)?;
            Some((filled, after))
        });
        match found {
            Some((filled, after)) => {
                out.push_str(&filled);
                rest = after;
            }
            None => {
                out.push('{');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn placeholder(name: &str, credential: Option<&Credential>, seen: &[Value]) -> Option<String> {
    if let Some(place) = name.strip_prefix("seen:") {
        return Some(earlier(place, seen));
    }
    let (kind, list) = name.split_once(':').unwrap_or((name, ""));
    if !matches!(kind, "token" | "cut" | "tail" | "base64") {
        return None;
    }
    let encodings: Vec<_> = list.split(',').filter_map(encoding).collect();
    let token = credential?.client_secret.token(&encodings);
    Some(match kind {
        "cut" => token[..token.len() - 1].to_owned(),
        "tail" => token[6..].to_owned(),
        "base64" => report::base64(token.as_bytes()),
        _ => token,
    })
}

/// A text that an earlier step saw: in its body if that is JSON, else the body itself.
fn earlier(place: &str, seen: &[Value]) -> String {
    let (index, pointer) = place.split_once(':').unwrap_or((place, ""));
    let step = index.parse().ok().and_then(|index: usize| seen.get(index));
    let body = step
        .and_then(|step| step["body"].as_str())
        .unwrap_or_default();
    let inside: Option<Value> = serde_json::from_str(body).ok();
    match inside.as_ref().and_then(|json| json.pointer(pointer)) {
        Some(Value::String(text)) => text.clone(),
        Some(other) if !pointer.is_empty() => other.to_string(),
        _ => body.to_owned(),
    }
}

fn encoding(name: &str) -> Option<Encoding> {
    Some(match name {
        "json" => Encoding::Json,
        "yaml" => Encoding::Yaml,
        "sql" => Encoding::Sql,
        "uri" => Encoding::Uri,
        "base64" => Encoding::Base64,
        _ => return None,
    })
}
