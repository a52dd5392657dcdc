//! How the SDK's credentials reach Entra and the metadata service: over our own TLS, so that no
//! second one comes into the tree, and over plain http only where it stays on the machine.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Method, Request};
use url::Url;

const METADATA: &str = "http://169.254.169.254";
/// An answer here is a token or an error.
const LARGEST: usize = 1 << 20;

/// A client, and where some origins really are.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    authority: String,
    redirects: Vec<(Url, Url)>,
    client: Arc<OnceLock<reqwest::Client>>,
}

impl Transport {
    pub(super) fn new(authority: &Url) -> Self {
        let mut named = authority.clone();
        let mut redirects = Vec::new();
        // The SDK insists on https; the config takes http for loopback addresses only.
        if authority.scheme() == "http" && named.set_scheme("https").is_ok() {
            let port = authority.port_or_known_default();
            if named.set_port(port).is_ok() {
                redirects.push((named.clone(), authority.clone()));
            }
        }
        Self {
            authority: named.to_string(),
            redirects,
            client: Arc::default(),
        }
    }

    /// The metadata service at another address than every machine's.
    #[cfg(test)]
    pub(super) fn with_metadata_at(mut self, address: &Url) -> Self {
        let metadata = Url::parse(METADATA).expect("a constant address");
        self.redirects.push((metadata, address.clone()));
        self
    }

    /// The authority as the SDK takes it.
    pub(super) fn authority(&self) -> String {
        self.authority.clone()
    }

    /// Whether anything answers where Azure's machines have their metadata service.
    pub(super) async fn reaches_metadata(&self) -> bool {
        let Ok(metadata) = Url::parse(METADATA) else {
            return false;
        };
        let address = self.redirected(&metadata);
        let port = address.port_or_known_default().unwrap_or(80);
        let host = address.host_str().unwrap_or_default().to_owned();
        let connected = tokio::net::TcpStream::connect((host, port));
        let within = Duration::from_secs(1);
        matches!(tokio::time::timeout(within, connected).await, Ok(Ok(_)))
    }

    fn redirected(&self, url: &Url) -> Url {
        let found = self
            .redirects
            .iter()
            .find(|(from, _)| from.origin() == url.origin());
        let Some((_, to)) = found else {
            return url.clone();
        };
        let mut target = to.clone();
        target.set_path(url.path());
        target.set_query(url.query());
        target
    }

    fn client(&self) -> azure_core::Result<&reqwest::Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        crate::tls::install_provider();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| Error::new(ErrorKind::Other, error))?;
        Ok(self.client.get_or_init(|| client))
    }
}

#[async_trait::async_trait]
impl HttpClient for Transport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let failed = |error: reqwest::Error| {
            let kind = match error.is_connect() {
                true => ErrorKind::Connection,
                false => ErrorKind::Io,
            };
            Error::new(kind, error.without_url())
        };
        let method = match request.method() {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            _ => {
                return Err(Error::with_message(
                    ErrorKind::Other,
                    "a method without a use here",
                ));
            }
        };
        let url = self.redirected(request.url());
        let mut builder = self.client()?.request(method, url);
        for (name, value) in request.headers().iter() {
            builder = builder.header(name.as_str(), value.as_str());
        }
        let Body::Bytes(body) = request.body() else {
            return Err(Error::with_message(
                ErrorKind::Other,
                "a body that is no text",
            ));
        };
        let mut response = builder.body(body.clone()).send().await.map_err(failed)?;
        let status = response.status().as_u16().into();
        let headers: HashMap<HeaderName, HeaderValue> = response
            .headers()
            .iter()
            .filter_map(|(name, value)| {
                let value = value.to_str().ok()?.to_owned();
                Some((name.as_str().to_owned().into(), value.into()))
            })
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LARGEST {
                return Err(Error::with_message(
                    ErrorKind::Other,
                    "the answer is too large",
                ));
            }
            body.extend_from_slice(&chunk);
        }
        if response.status().is_client_error() {
            body = readable(body);
        }
        let headers = Headers::from(headers);
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

/// The SDK can't read a description that holds an escape, and would hide what Entra said.
fn readable(body: Vec<u8>) -> Vec<u8> {
    let Ok(mut answer) = serde_json::from_slice::<serde_json::Value>(&body) else {
        return body;
    };
    if let Some(serde_json::Value::String(text)) = answer.get_mut("error_description") {
        *text = text
            .replace(|c: char| c.is_control(), " ")
            .replace(['"', '\\'], "'");
    }
    answer.to_string().into_bytes()
}
