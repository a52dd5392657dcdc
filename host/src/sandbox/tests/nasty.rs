//! A store that gives back what it got, in every writing that servers use, and misbehaves on the
//! wire. It speaks plain HTTP by hand, since no library would do half of this.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// What came over the wire.
#[derive(Clone, Debug)]
pub struct Seen {
    pub head: String,
    pub body: Vec<u8>,
}

pub struct Nasty {
    pub url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Nasty {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Nasty {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let log = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let log = Arc::clone(&log);
                tokio::spawn(async move { serve(stream, &log).await });
            }
        });
        Self {
            url: url.parse().unwrap(),
            seen,
            task,
        }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, log: &Mutex<Vec<Seen>>) -> Option<()> {
    loop {
        let seen = request(&mut stream).await?;
        log.lock().unwrap().push(seen.clone());
        let path = seen.head.split_ascii_whitespace().nth(1)?.to_owned();
        let name = path.rsplit('/').next()?;
        let value = match serde_json::from_slice::<Value>(&seen.body) {
            Ok(body) if name != "same" => body["value"].as_str().unwrap_or_default().to_owned(),
            _ => String::from_utf8_lossy(&seen.body).into_owned(),
        };
        if name == "drip" {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
                .await
                .ok()?;
            for _ in 0..1_000 {
                stream.write_all(b"x").await.ok()?;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            return None;
        }
        stream.write_all(&answer(name, &value)).await.ok()?;
        if matches!(name, "lie" | "endless") {
            return None;
        }
    }
}

async fn request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = memchr::memmem::find(&bytes, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse().ok())
                .unwrap_or(0);
            let mut body = bytes.split_off(end + 4);
            while body.len() < length {
                stream
                    .read_buf(&mut body)
                    .await
                    .ok()
                    .filter(|read| *read > 0)?;
            }
            return Some(Seen { head, body });
        }
        stream
            .read_buf(&mut bytes)
            .await
            .ok()
            .filter(|read| *read > 0)?;
    }
}

fn answer(name: &str, value: &str) -> Vec<u8> {
    let plain = |status: &str, extra: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\n{extra}\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    match name {
        "headers" => {
            let percent = String::from_utf8(written("percent", value)).unwrap();
            let base64 = STANDARD.encode(value);
            let json = Value::from(value).to_string();
            let ascii = value.replace('é', "e");
            let extra = format!(
                "x-percent: {percent}\r\nx-base64: {base64}\r\nx-json: {json}\r\nx-raw: {value}\r\nlocation: https://other.test/?v={percent}\r\nset-cookie: a={ascii}\r\nwww-authenticate: Basic {base64}\r\n"
            );
            plain("200 OK", &extra, b"")
        }
        "header-name" => {
            let name = String::from_utf8(written("hex", value)).unwrap();
            plain("200 OK", &format!("x-{name}: 1\r\n"), b"")
        }
        "header-latin1" => {
            let mut latin: Vec<u8> = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-raw: ".to_vec();
            latin.extend(written("latin1", value));
            latin.extend(b"\r\n\r\n");
            latin
        }
        "gzip" => plain("200 OK", "content-encoding: gzip\r\n", b"\x1f\x8b\x08 compressed"),
        "gzip-unsaid" => plain("200 OK", "", b"\x1f\x8b\x08 compressed"),
        "gzip-transfer" => {
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n3\r\n\x1f\x8b\x08\r\n0\r\n\r\n"
                .to_vec()
        }
        "redirect" => plain("307 Temporary Redirect", "location: https://evil.test/taken\r\n", b""),
        "oversized" => plain("200 OK", "", &vec![b'x'; (8 << 20) + 1]),
        "endless" => {
            let mut chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
            for _ in 0..9 {
                chunked.extend(b"100000\r\n");
                chunked.extend(vec![b'x'; 1 << 20]);
                chunked.extend(b"\r\n");
            }
            chunked
        }
        "lie" => b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort".to_vec(),
        "missing" => plain("404 Not Found", "", b"no such thing"),
        other => plain("200 OK", "", &written(other, value)),
    }
}

/// `value` as this store writes it under a name.
pub fn written(name: &str, value: &str) -> Vec<u8> {
    let units = |text: &str| -> String {
        text.encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect()
    };
    let percent = |text: &str| -> String { text.bytes().map(|b| format!("%{b:02x}")).collect() };
    let entities = |text: &str| -> String {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#39;")
    };
    let wrapped = |text: String| -> String {
        let lines: Vec<&[u8]> = text.as_bytes().chunks(19).collect();
        String::from_utf8(lines.join(&b"\r\n  "[..])).unwrap()
    };
    let text = match name {
        "json" => json!({ "a": value }).to_string(),
        "json-in-json" => json!({ "a": json!({ "b": value }).to_string() }).to_string(),
        "unicode" => format!(r#"{{"a":"{}"}}"#, units(value)),
        "unicode-text" => format!("got: {}", units(value)),
        "unicode-lines" => format!("{{\"a\":\"{0}\"}}\n{{\"b\":\"{0}\"}}\n", units(value)),
        "unicode-in-json" => json!({ "a": format!("{{\"b\":\"{}\"}}", units(value)) }).to_string(),
        "unicode-name" => format!(r#"{{"{}":1}}"#, units(value)),
        "base64-0" => STANDARD.encode(value),
        "base64-1" => STANDARD.encode(format!("a{value}b")),
        "base64-2" => STANDARD.encode(format!("ab{value}cd")),
        "base64-url" => URL_SAFE_NO_PAD.encode(format!("user:{value}")),
        "base64-wrapped" => wrapped(STANDARD.encode(format!("{{\"password\":\"{value}\"}}"))),
        "base64-json" => STANDARD.encode(json!({ "k": value }).to_string()),
        "hex" => value.bytes().map(|byte| format!("{byte:02x}")).collect(),
        "HEX" => value.bytes().map(|byte| format!("{byte:02X}")).collect(),
        "percent" => url::form_urlencoded::byte_serialize(value.as_bytes()).collect(),
        "percent-all" => percent(value),
        "percent-twice" => percent(&percent(value)),
        "entities" => format!("<error>{}</error>", entities(value)),
        "entities-decimal" => value
            .chars()
            .map(|c| format!("&#{};", u32::from(c)))
            .collect(),
        "sql" => format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''")),
        "debug" => format!("{value:?}"),
        "reversed" => value.chars().rev().collect(),
        "split" => {
            let (first, second) = value.split_at(value.len() / 2);
            json!({ "first": first, "second": second }).to_string()
        }
        "utf16" => return value.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "latin1" => {
            return value
                .chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap())
                .collect();
        }
        _ => value.to_owned(),
    };
    text.into_bytes()
}
