//! A plain HTTP/1.1 client for tests: one connection per request, no retry, no redirect.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::aws::sigv4::{self, Keys};
use crate::server::Request;

/// An answer, read whole.
pub struct Received {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Received {
    /// The body as JSON.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body).context("the body is not JSON")
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Sends one request to a loopback server.
pub fn send(
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> anyhow::Result<Received> {
    let rest = url.strip_prefix("http://").context("only plain http")?;
    let (host, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, "/"),
    };
    let mut stream = TcpStream::connect(host).with_context(|| format!("no server at {host}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    head += &format!("content-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| name == "host") {
        head += &format!("host: {host}\r\n");
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all(&[head.as_bytes(), b"\r\n", body].concat())?;
    let mut all = Vec::new();
    stream
        .read_to_end(&mut all)
        .context("the connection broke")?;
    parse(&all)
}

/// Sends an AWS request in the JSON protocol, signed for `service`.
pub fn send_aws(
    origin: &str,
    keys: &Keys,
    region: &str,
    service: &str,
    target: &str,
    body: &Value,
) -> anyhow::Result<Received> {
    let host = format!("{service}.{region}.amazonaws.com");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut request = Request {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: vec![
            pair("host", &host),
            pair("content-type", "application/x-amz-json-1.1"),
            pair("x-amz-target", target),
        ],
        body: body.to_string().into_bytes(),
    };
    let added = sigv4::sign(&request, keys, region, service);
    request.headers.extend(added);
    send("POST", origin, &request.headers, &request.body)
}

fn parse(all: &[u8]) -> anyhow::Result<Received> {
    let end = all.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.context("the connection closed without an answer")?;
    let head = std::str::from_utf8(&all[..end])?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .context("no status")?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let received = Received {
        status: status.parse()?,
        headers,
        body: all[end + 4..].to_vec(),
    };
    match received.header("content-length").map(str::parse::<usize>) {
        Some(Ok(length)) if length != received.body.len() => bail!("the answer was cut off"),
        _ => Ok(received),
    }
}
