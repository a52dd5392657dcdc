//! A scripted HTTP/1.1 server: keeps connections alive, and can lose, cut or reset an answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One request as it came in.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) head: String,
    pub(super) body: String,
    /// Which request of its connection it is, from 0.
    pub(super) nth: usize,
}

impl Seen {
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

pub(super) enum Reply {
    Answer(u16, String, String),
    /// The connection ends without an answer.
    Lost,
    /// The connection is reset without an answer.
    Reset,
    /// The answer ends in the middle of the body.
    Cut(String),
    /// The answer, and then the connection ends although it promised to stay.
    ThenClosed(String),
    /// No answer for longer than any test waits.
    Silence,
}

impl Reply {
    pub(super) fn json(status: u16, body: &str) -> Reply {
        Reply::Answer(status, String::new(), body.to_owned())
    }

    pub(super) fn with(status: u16, header: &str, body: &str) -> Reply {
        Reply::Answer(status, format!("{header}\r\n"), body.to_owned())
    }
}

type Script = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

pub(super) struct Issuer {
    pub(super) address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Issuer {
    pub(super) async fn start(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Issuer {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (script, seen): (Script, _) = (Arc::new(script), Arc::default());
        let log = Arc::clone(&seen);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&log)));
            }
        });
        Issuer {
            address,
            seen,
            server,
        }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("not poisoned").clone()
    }

    /// How often this method and path were asked for.
    pub(super) fn count(&self, method: &str, path: &str) -> usize {
        let hit = |seen: &&Seen| seen.method == method && seen.path() == path;
        self.seen().iter().filter(hit).count()
    }
}

async fn serve(mut stream: TcpStream, script: Script, log: Arc<Mutex<Vec<Seen>>>) {
    let mut nth = 0;
    while let Some(seen) = read(&mut stream, nth).await {
        nth += 1;
        log.lock().expect("not poisoned").push(seen.clone());
        let head = |status: u16, length: usize, extra: &str| {
            format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{extra}content-length: {length}\r\n\r\n"
            )
        };
        let (text, goes_on) = match script(&seen) {
            Reply::Answer(status, extra, body) => (head(status, body.len(), &extra) + &body, true),
            Reply::ThenClosed(body) => (head(200, body.len(), "") + &body, false),
            Reply::Cut(body) => (head(200, body.len() + 10, "") + &body, false),
            Reply::Lost => return,
            Reply::Reset => {
                stream.set_zero_linger().ok();
                return;
            }
            Reply::Silence => {
                tokio::time::sleep(Duration::from_secs(600)).await;
                return;
            }
        };
        if stream.write_all(text.as_bytes()).await.is_err() || !goes_on {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, nth: usize) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        bytes.push(stream.read_u8().await.ok()?);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |text| text.trim().parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let first = String::from_utf8_lossy(&bytes);
    let mut words = first.split(' ').map(str::to_owned);
    Some(Seen {
        method: words.next()?,
        target: words.next()?,
        head: String::from_utf8_lossy(&bytes[..end]).into_owned(),
        body: String::from_utf8_lossy(&body).into_owned(),
        nth,
    })
}
