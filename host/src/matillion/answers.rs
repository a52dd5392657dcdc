//! From the issuer's JSON to our types, taking what is there: fields may be missing, null, more
//! than expected, or spelled another way. What can't be read is reported without quoting the body.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde_json::Value;

use super::error::Error;
use super::execution::{Environment, Execution, ExecutionStatus, Project};
use super::runner::{Cloud, Runner, Status};
use super::transport::Answer;
use crate::secret::{Credential, SecretString};

/// How long a token is trusted if the issuer does not say.
const SHORT_LIFE: Duration = Duration::from_secs(60);
const LONGEST_LIFE: u64 = 24 * 60 * 60;

/// Text that goes from the body straight into wiped memory.
struct Hidden(SecretString);

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IntoSecret;
        impl Visitor<'_> for IntoSecret {
            type Value = SecretString;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text that is not empty")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SecretString, E> {
                self.visit_string(text.to_owned())
            }
            fn visit_string<E: serde::de::Error>(self, text: String) -> Result<SecretString, E> {
                let secret = SecretString::new(text);
                if secret.expose().is_empty() {
                    return Err(E::custom("empty"));
                }
                Ok(secret)
            }
        }
        let secret = deserializer.deserialize_string(IntoSecret);
        // The library's own message would quote the value.
        secret.map(Hidden).map_err(|_| D::Error::custom("hidden"))
    }
}

#[derive(serde::Deserialize)]
struct CredentialBody {
    #[serde(rename = "clientId")]
    client_id: String,
    #[serde(rename = "clientSecret")]
    client_secret: Hidden,
}

#[derive(serde::Deserialize)]
struct TokenBody {
    access_token: Hidden,
    expires_in: Option<Value>,
}

pub(super) fn credential(answer: &Answer) -> Result<Credential, Error> {
    let body: CredentialBody = serde_json::from_slice(&answer.body)
        .map_err(|_| answer.unreadable("the body holds no clientId with a clientSecret"))?;
    if body.client_id.is_empty() {
        return Err(answer.unreadable("the clientId is empty"));
    }
    Ok(Credential {
        client_id: body.client_id,
        client_secret: body.client_secret.0,
    })
}

pub(super) fn token(answer: &Answer) -> Result<(SecretString, Duration), Error> {
    let body: TokenBody = serde_json::from_slice(&answer.body)
        .map_err(|_| answer.unreadable("the body holds no access_token"))?;
    let token = body.access_token.0;
    if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(answer.unreadable("the access_token holds characters that no token has"));
    }
    let seconds = match body.expires_in {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let lifetime = seconds
        .filter(|seconds| *seconds >= 0.0)
        .map_or(SHORT_LIFE, |seconds| {
            Duration::from_secs_f64(seconds.min(LONGEST_LIFE as f64))
        });
    Ok((token, lifetime))
}

/// One page of a list.
pub(super) struct Page {
    pub(super) results: Vec<Value>,
    pub(super) size: Option<usize>,
    pub(super) total: Option<usize>,
    pub(super) more: Option<String>,
}

pub(super) fn page(answer: &Answer) -> Result<Page, Error> {
    let mut body = json(answer)?;
    let count = |name| Some(body.get(name)?.as_u64()? as usize);
    let (size, total) = (count("size"), count("total"));
    let more = match body.get("more") {
        Some(Value::String(token)) if !token.is_empty() => Some(token.clone()),
        _ => None,
    };
    match body.get_mut("results").map(Value::take) {
        Some(Value::Array(results)) => Ok(Page {
            results,
            size: size.filter(|size| *size > 0),
            total,
            more,
        }),
        _ => Err(answer.unreadable("the body holds no list named `results`")),
    }
}

pub(super) fn json(answer: &Answer) -> Result<Value, Error> {
    serde_json::from_slice(&answer.body).map_err(|_| answer.unreadable("the body is not JSON"))
}

pub(super) fn runner(body: &Value) -> Option<Runner> {
    let version = body.get("versionDetails").unwrap_or(&Value::Null);
    Some(Runner {
        id: text(body, "agentId").filter(|id| !id.is_empty())?,
        name: text(body, "name").unwrap_or_default(),
        status: Status::parse(&text(body, "agentStatus").unwrap_or_default()),
        connected: flag(body, "connected"),
        kind: text(body, "agentType").unwrap_or_default(),
        cloud: Cloud::parse(&text(body, "cloudProvider").unwrap_or_default()),
        deployment: text(body, "deployment").unwrap_or_default(),
        paused_until: text(body, "pausedUntil"),
        version: text(version, "agentVersion"),
        track: text(version, "trackName"),
        update_available: flag(version, "agentUpdateAvailable"),
    })
}

pub(super) fn project(body: &Value) -> Option<Project> {
    Some(Project {
        id: text(body, "id").filter(|id| !id.is_empty())?,
        name: text(body, "name").unwrap_or_default(),
    })
}

pub(super) fn environment(body: &Value) -> Option<Environment> {
    Some(Environment {
        name: text(body, "name").filter(|name| !name.is_empty())?,
        default_runner: text(body, "defaultAgentId"),
    })
}

pub(super) fn execution(body: &Value) -> Execution {
    let nested = body.get("result").unwrap_or(&Value::Null);
    let either = |name| text(nested, name).or_else(|| text(body, name));
    Execution {
        id: either("pipelineExecutionId").unwrap_or_default(),
        pipeline: either("pipelineName").unwrap_or_default(),
        project_id: either("projectId").unwrap_or_default(),
        environment: either("environmentName").unwrap_or_default(),
        status: ExecutionStatus::parse(&either("status").unwrap_or_default()),
        started_at: either("startedAt"),
        trigger: either("trigger"),
    }
}

/// A text, or a number as text.
fn text(body: &Value, name: &str) -> Option<String> {
    match body.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A boolean, or a boolean spelled out: the API's own pages disagree.
fn flag(body: &Value, name: &str) -> Option<bool> {
    match body.get(name)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}
