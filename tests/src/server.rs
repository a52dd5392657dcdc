//! A loopback HTTP/1.1 server on a thread of its own, for stand-ins. The service answers
//! synchronously under its own lock; delays, cut bodies and hang-ups happen here, after the deed.

pub mod body;
pub mod form;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use body::Outgoing;

/// How often a service is told that time has passed.
const TICK: Duration = Duration::from_millis(5);

/// A request, read whole.
pub struct Request {
    /// Upper case.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// After the `?`, or empty.
    pub query: String,
    /// As received, in order; names in lower case.
    pub headers: Vec<(String, String)>,
    /// As received.
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What a service does with a request.
pub enum Reply {
    /// An answer.
    Answer(Answer),
    /// The connection is closed without one.
    HangUp,
}

/// An answer and how it travels.
#[derive(Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Besides the length.
    pub headers: Vec<(&'static str, String)>,
    /// The whole body.
    pub body: Vec<u8>,
    /// Waits so long before it is sent.
    pub delay: Duration,
    /// Breaks the connection in the middle of the body.
    pub cut: bool,
}

impl Answer {
    /// A JSON answer of this media type.
    pub fn json(status: u16, media_type: &str, body: &serde_json::Value) -> Self {
        Self::raw(status, media_type, body.to_string().into_bytes())
    }

    /// Any answer.
    pub fn raw(status: u16, media_type: &str, body: Vec<u8>) -> Self {
        let headers = vec![("content-type", media_type.to_owned())];
        Self {
            status,
            headers,
            body,
            delay: Duration::ZERO,
            cut: false,
        }
    }
}

/// What a stand-in does; called on the server's thread only.
pub trait Service: Send + Sync + 'static {
    /// Does what the request asks and says how to answer.
    fn handle(&self, request: &Request) -> Reply;
    /// Some milliseconds have passed.
    fn tick(&self) {}
}

/// One request as it was seen. Neither headers nor bodies are kept, so it holds no secret.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The `x-amz-target` header, where there was one.
    pub target: Option<String>,
    /// When it had arrived whole.
    pub received: Instant,
    /// When the answer was handed to the connection; none if there was none.
    pub answered: Option<Instant>,
    /// The status of the answer.
    pub status: Option<u16>,
}

/// A running server; it ends when this is dropped.
pub struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Vec<Exchange>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts serving on a free port of 127.0.0.1.
    pub fn start(name: &str, service: Arc<dyn Service>) -> anyhow::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .context("no free port on 127.0.0.1")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let seen = Arc::clone(&log);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::spawn(accept(listener, service, seen));
                    // Either way the handle is gone, and the tasks end with the runtime.
                    stopped.await.ok();
                });
            })?;
        Ok(Self {
            address,
            log,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        lock(&self.log).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means that the thread is gone already.
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Locks, also after a test's assertion failed while holding the lock.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

async fn accept(
    listener: std::net::TcpListener,
    service: Arc<dyn Service>,
    log: Arc<Mutex<Vec<Exchange>>>,
) {
    let listener = TcpListener::from_std(listener).expect("a bound, non-blocking listener");
    let ticking = Arc::clone(&service);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            ticking.tick();
        }
    });
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        stream.set_nodelay(true).ok();
        let (service, log) = (Arc::clone(&service), Arc::clone(&log));
        tokio::spawn(async move {
            let serve = service_fn(|request| exchange(request, &*service, &log));
            // Errors are the hang-ups asked for and clients that went away.
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), serve)
                .await
                .ok();
        });
    }
}

async fn exchange(
    request: hyper::Request<Incoming>,
    service: &dyn Service,
    log: &Mutex<Vec<Exchange>>,
) -> anyhow::Result<hyper::Response<Outgoing>> {
    let (head, body) = request.into_parts();
    let request = Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head
            .headers
            .iter()
            .map(|(n, v)| {
                (
                    n.to_string(),
                    String::from_utf8_lossy(v.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body: body.collect().await?.to_bytes().to_vec(),
    };
    let index = {
        let mut log = lock(log);
        log.push(Exchange {
            path: head
                .uri
                .path_and_query()
                .map(ToString::to_string)
                .unwrap_or_default(),
            target: request.header("x-amz-target").map(str::to_owned),
            method: request.method.clone(),
            received: Instant::now(),
            answered: None,
            status: None,
        });
        log.len() - 1
    };
    service.tick();
    let Reply::Answer(answer) = service.handle(&request) else {
        anyhow::bail!("hung up, as asked");
    };
    if !answer.delay.is_zero() {
        tokio::time::sleep(answer.delay).await;
    }
    let mut response = hyper::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    let response = response.body(Outgoing::new(answer.body, answer.cut))?;
    let mut log = lock(log);
    log[index].answered = Some(Instant::now());
    log[index].status = Some(answer.status);
    Ok(response)
}
