//! The Kubernetes API through `kubectl proxy`, for those who play its controllers and for tests
//! that look at what is there. HTTP/1.0, so that an answer ends where the connection does.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

/// A way to the API with every right.
#[derive(Clone)]
pub struct Api {
    address: String,
}

impl Api {
    pub(super) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
        }
    }

    /// Reads an object or a list.
    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send("GET", path, "application/json", &Value::Null)
    }

    /// Creates an object.
    pub fn post(&self, path: &str, object: &Value) -> anyhow::Result<Value> {
        self.send("POST", path, "application/json", object)
    }

    /// Changes members of an object, as a JSON merge patch.
    pub fn patch(&self, path: &str, change: &Value) -> anyhow::Result<Value> {
        self.send("PATCH", path, "application/merge-patch+json", change)
    }

    /// Deletes an object; a pod on a node stays until its grace is over.
    pub fn delete(&self, path: &str, options: &Value) -> anyhow::Result<Value> {
        self.send("DELETE", path, "application/json", options)
    }

    fn send(&self, method: &str, path: &str, kind: &str, body: &Value) -> anyhow::Result<Value> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut stream = TcpStream::connect(&self.address).context("no API")?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let head = format!(
            "{method} {path} HTTP/1.0\r\nhost: {}\r\ncontent-type: {kind}\r\naccept: application/json\r\ncontent-length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        let mut answer = Vec::new();
        stream
            .read_to_end(&mut answer)
            .context("the connection broke")?;
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .context("no answer")?;
        let head = String::from_utf8_lossy(&answer[..end]);
        let status: u16 = head.split(' ').nth(1).context("no status")?.parse()?;
        let document: Value = serde_json::from_slice(&answer[end + 4..])
            .with_context(|| format!("{method} {path} was answered with {status} and no JSON"))?;
        match status {
            200..=299 => Ok(document),
            _ => bail!(
                "{method} {path} was answered with {status}: {}",
                document["message"]
            ),
        }
    }
}
