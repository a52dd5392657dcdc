//! boto3, as a client that nobody here wrote: against moto, and against our own stand-in, which
//! shows that the stand-in is honest. Arguments and answers go through pipes, never through argv.

use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::venv::Venv;
use crate::aws::sigv4::Keys;
use crate::process::Run;

const SCRIPT: &str = include_str!("boto.py");

/// boto3 against one server with one key.
pub struct Boto<'a> {
    /// Where boto3 is installed.
    pub venv: &'a Venv,
    /// The server.
    pub origin: &'a str,
    /// The region.
    pub region: &'a str,
    /// The key that signs.
    pub keys: &'a Keys,
}

/// One call of a boto3 client.
pub struct Call<'a> {
    /// `ecs`, `secretsmanager`, …
    pub service: &'a str,
    /// The client's method, in snake case.
    pub method: &'a str,
    /// Its arguments.
    pub arguments: Value,
}

impl Boto<'_> {
    /// One call; a refusal is an error that begins with its code.
    pub fn call(&self, call: Call<'_>) -> anyhow::Result<Value> {
        self.calls(&[call])?.pop().context("no answer")?
    }

    /// Several calls in one process, each with its own answer or refusal.
    pub fn calls(&self, calls: &[Call<'_>]) -> anyhow::Result<Vec<anyhow::Result<Value>>> {
        let calls: Vec<Value> = calls
            .iter()
            .map(|c| json!({ "service": c.service, "method": c.method, "arguments": c.arguments }))
            .collect();
        let answers = self.script("calls", &json!({ "calls": calls }))?;
        let answers = answers.as_array().context("no list of answers")?;
        Ok(answers
            .iter()
            .map(|answer| match answer["error"]["code"].as_str() {
                Some(code) => bail!("{code}: {}", answer["error"]["message"]),
                None => Ok(answer["answer"].clone()),
            })
            .collect())
    }

    /// One of the script's functions.
    pub fn script(&self, function: &str, input: &Value) -> anyhow::Result<Value> {
        let input = json!({
            "function": function,
            "input": input,
            "origin": self.origin,
            "region": self.region,
            "key": {
                "aws_access_key_id": self.keys.id,
                "aws_secret_access_key": self.keys.secret,
                "aws_session_token": self.keys.session_token,
            },
        });
        let outcome = Run::new(self.venv.program("python"))
            .args(["-c", SCRIPT])
            .env("HOME", self.venv.path())
            .stdin(input.to_string())
            .timeout(Duration::from_secs(60))
            .finish()?;
        if outcome.code != Some(0) {
            bail!("boto3's script failed: {}", outcome.stderr);
        }
        serde_json::from_str(&outcome.stdout).context("boto3's script gave no JSON")
    }
}
