//! The wire of the http gate: names resolved once and checked, no redirect, nothing sent twice.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::address::{self, AddressRefused};

/// Ranges that are not public and that the operator opened, by host name in lower case.
pub type PrivateRanges = BTreeMap<String, Vec<IpNet>>;

/// Connects for sinks. Connections are kept between calls, so that they are warm in the window.
pub struct Wire {
    private: Arc<PrivateRanges>,
    plain: OnceLock<reqwest::Client>,
    secure: OnceLock<reqwest::Client>,
}

/// Why there is no connection to be had.
#[derive(Debug)]
pub enum WireError {
    /// The address is one that sinks may not reach.
    Refused(AddressRefused),
    /// No connection came about; nothing was sent.
    NotConnected(String),
    /// No answer in time.
    TimedOut,
    /// It broke off; the other side may have the request.
    Broken(String),
    /// The answer is over the limit.
    TooLarge,
}

/// What came back.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, values as they came.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Whole.
    pub body: zeroize::Zeroizing<Vec<u8>>,
}

impl Wire {
    /// A wire that reaches public addresses, and `private` ones for the hosts named.
    pub fn new(private: PrivateRanges) -> Self {
        let private = Arc::new(private);
        Self {
            private,
            plain: OnceLock::new(),
            secure: OnceLock::new(),
        }
    }

    /// Sends one request, once. `routed` says that the operator chose this address himself.
    pub async fn send(
        &self,
        request: Request<'_>,
        routed: bool,
        limit: usize,
        time: Duration,
    ) -> Result<Answer, WireError> {
        self.check_literal(request.url, routed)
            .map_err(WireError::Refused)?;
        let client = self.client(request.url.scheme() == "https")?;
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|_| WireError::NotConnected("the method is none".to_owned()))?;
        let mut builder = client.request(method, request.url.clone()).timeout(time);
        for (name, value) in request.headers {
            let mut value = reqwest::header::HeaderValue::from_str(value).map_err(|_| {
                WireError::NotConnected(format!("the header `{name}` holds what no header can"))
            })?;
            value.set_sensitive(true);
            builder = builder.header(*name, value);
        }
        // hyper sends no length for an empty body, and some servers (Azure's) want one.
        if request.body.is_empty() && !matches!(request.method, "GET" | "HEAD") {
            builder = builder.header(reqwest::header::CONTENT_LENGTH, 0);
        }
        let response = builder.body(request.body).send().await.map_err(classify)?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect();
        let body = read(response, limit).await?;
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    /// A literal address never comes before the resolver, so it is looked at here.
    fn check_literal(&self, url: &Url, routed: bool) -> Result<(), AddressRefused> {
        let (address, host): (IpAddr, String) = match url.host() {
            Some(Host::Ipv4(v4)) => (v4.into(), v4.to_string()),
            Some(Host::Ipv6(v6)) => (v6.into(), v6.to_string()),
            _ => return Ok(()),
        };
        if routed && address.is_loopback() {
            return Ok(());
        }
        address::check(
            &host,
            [address],
            self.private.get(&host).map_or(&[], Vec::as_slice),
        )
    }

    /// Reading the system's certificates takes a while, so it is not done for loopback.
    fn client(&self, secure: bool) -> Result<&reqwest::Client, WireError> {
        let cell = if secure { &self.secure } else { &self.plain };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .user_agent(concat!("keyferry/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .pool_idle_timeout(Duration::from_secs(60))
            .dns_resolver(Arc::new(CheckedResolver(Arc::clone(&self.private))));
        let builder = match secure {
            true => {
                crate::tls::install_provider();
                builder.https_only(true)
            }
            false => {
                crate::tls::install_provider();
                builder.tls_certs_only([])
            }
        };
        let client = builder
            .build()
            .map_err(|error| WireError::NotConnected(chain(&error)))?;
        Ok(cell.get_or_init(|| client))
    }
}

/// A request that is ready for the wire.
pub struct Request<'a> {
    /// Upper case.
    pub method: &'a str,
    /// Routed.
    pub url: &'a Url,
    /// The sink's and the host's.
    pub headers: &'a [(&'a str, &'a str)],
    /// With values in it; wiped when it was sent.
    pub body: bytes::Bytes,
}

async fn read(
    mut response: reqwest::Response,
    limit: usize,
) -> Result<zeroize::Zeroizing<Vec<u8>>, WireError> {
    if response
        .content_length()
        .is_some_and(|length| length > limit as u64)
    {
        return Err(WireError::TooLarge);
    }
    let mut body = zeroize::Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(classify)? {
        if body.len() + chunk.len() > limit {
            return Err(WireError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn classify(error: reqwest::Error) -> WireError {
    let error = error.without_url();
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<AddressRefused>() {
            return WireError::Refused(refused.clone());
        }
        source = cause.source();
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, _) => WireError::NotConnected(chain(&error)),
        (false, true) => WireError::TimedOut,
        (false, false) => WireError::Broken(chain(&error)),
    }
}

/// An error with its causes; reqwest's own text says only that something failed.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Resolves once, checks, and gives the client no other addresses to connect to.
struct CheckedResolver(Arc<PrivateRanges>);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let private = Arc::clone(&self.0);
        Box::pin(async move {
            let host = name.as_str().to_ascii_lowercase();
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let ranges = private.get(&host).map_or(&[][..], Vec::as_slice);
            address::check(&host, found.iter().map(SocketAddr::ip), ranges)?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
