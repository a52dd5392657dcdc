//! A forwarder in front of moto that notes when which AWS operation was asked for, so that moments
//! in two servers are told by one clock. Everything measured goes through it alike.

mod scan;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::{Context, Result};
use keyferry_tests::server::lock;
use scan::Scan;

/// An operation, and when its request came in.
pub type Seen = (Instant, String);

/// Listens until the process ends.
pub struct Forward {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Forward {
    /// In front of `origin`, an `http://host:port`.
    pub fn start(origin: &str) -> Result<Self> {
        let to = origin.strip_prefix("http://").context("only plain http")?;
        let to: SocketAddr = to.parse().with_context(|| format!("no address: {to}"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                std::thread::spawn(move || {
                    // An error is a connection that one side closed.
                    connect(client, to, &log).ok();
                });
            }
        });
        Ok(Self { address, seen })
    }

    /// Where it listens.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked for since the last call.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut lock(&self.seen))
    }
}

fn connect(client: TcpStream, to: SocketAddr, log: &Mutex<Vec<Seen>>) -> Result<()> {
    let server = TcpStream::connect(to)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut back_from, mut back_to) = (server.try_clone()?, client.try_clone()?);
    let back = std::thread::spawn(move || {
        copy(&mut back_from, &mut back_to, |_| {}).ok();
        back_to.shutdown(Shutdown::Write).ok();
    });
    let mut scan = Scan::default();
    let (mut from, mut to) = (client, server);
    let copied = copy(&mut from, &mut to, |bytes| {
        let now = Instant::now();
        let found = scan.more(bytes).into_iter().map(|target| (now, target));
        lock(log).extend(found);
    });
    to.shutdown(Shutdown::Write).ok();
    back.join().ok();
    copied
}

fn copy(from: &mut TcpStream, to: &mut TcpStream, mut see: impl FnMut(&[u8])) -> Result<()> {
    let mut chunk = [0; 64 << 10];
    loop {
        let read = from.read(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        see(&chunk[..read]);
        to.write_all(&chunk[..read])?;
    }
}
