//! `kind = "azure"`: who asks Microsoft Entra for a token, how, and for which cloud.

use std::path::PathBuf;

use url::Url;

use super::super::document::Section;
use super::super::error::ConfigError;
use super::super::secret_source::SecretSource;
use super::{optional_secret, text};

/// An identity of Microsoft Entra. What is not set here is taken from the environment variables
/// that Azure's own tools use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Azure {
    /// One way to sign in; without it the first that is set up.
    pub method: Option<AzureMethod>,
    /// The directory.
    pub tenant_id: Option<String>,
    /// The application, or the managed identity if it isn't the system's.
    pub client_id: Option<String>,
    /// The application's secret.
    pub client_secret: Option<SecretSource>,
    /// The application's certificate with its key, in PEM.
    pub certificate: Option<SecretSource>,
    /// Opens the key.
    pub certificate_password: Option<SecretSource>,
    /// A federated token, as Kubernetes puts one into a pod.
    pub token_file: Option<PathBuf>,
    /// Who grants tokens: one per cloud.
    pub authority: Url,
    /// What tokens are good for; its host is the only one they are sent to.
    pub scope: Url,
}

/// Ways to sign in, in the order they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AzureMethod {
    /// An application with a secret.
    ClientSecret,
    /// An application with a certificate.
    Certificate,
    /// A federated token in a file.
    WorkloadIdentity,
    /// The identity that Azure gives a machine or an app.
    ManagedIdentity,
    /// Whoever is signed in with `az login`.
    Cli,
}

const METHODS: &[(&str, AzureMethod)] = &[
    ("client-secret", AzureMethod::ClientSecret),
    ("certificate", AzureMethod::Certificate),
    ("workload-identity", AzureMethod::WorkloadIdentity),
    ("managed-identity", AzureMethod::ManagedIdentity),
    ("cli", AzureMethod::Cli),
];

const KEYS: &[&str] = &[
    "kind",
    "method",
    "tenant_id",
    "client_id",
    "client_secret",
    "certificate",
    "certificate_password",
    "token_file",
    "authority",
    "scope",
];

impl AzureMethod {
    /// All of them, in order.
    pub fn all() -> impl Iterator<Item = AzureMethod> {
        METHODS.iter().map(|(_, method)| *method)
    }

    /// As it is written in the config.
    pub fn name(self) -> &'static str {
        let found = METHODS.iter().find(|(_, method)| *method == self);
        found.map_or("", |(name, _)| name)
    }
}

pub(super) fn read(section: &Section<'_>) -> Result<Azure, ConfigError> {
    section.accept(KEYS)?;
    let method = section
        .get("method")
        .map(|field| field.choice(METHODS))
        .transpose()?;
    for key in ["tenant_id", "client_id"] {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
        if let Some(field) = section.get(key)
            && !field.text()?.chars().all(plain)
        {
            return Err(field.wrong("is no id", "copy the UUID from the portal"));
        }
    }
    let (authority, scope) = cloud(section)?;
    Ok(Azure {
        method,
        tenant_id: text(section, "tenant_id")?,
        client_id: text(section, "client_id")?,
        client_secret: optional_secret(section, "client_secret")?,
        certificate: optional_secret(section, "certificate")?,
        certificate_password: optional_secret(section, "certificate_password")?,
        token_file: section
            .get("token_file")
            .map(|field| field.path())
            .transpose()?,
        authority,
        scope,
    })
}

const PUBLIC: &str = "https://login.microsoftonline.com";
const PUBLIC_SCOPE: &str = "https://management.azure.com/.default";

fn cloud(section: &Section<'_>) -> Result<(Url, Url), ConfigError> {
    let parse = |text: &str| Url::parse(text).expect("a constant address");
    let authority = match section.get("authority") {
        None => parse(PUBLIC),
        Some(field) => {
            let url = field.url()?;
            let remedy = "write the cloud's own, like \"https://login.microsoftonline.us\"";
            if !is_secure(&url) {
                return Err(field.wrong("is not https", remedy));
            }
            if url.path() != "/" || url.query().is_some() || !url.username().is_empty() {
                return Err(field.wrong("must be scheme and host only", remedy));
            }
            url
        }
    };
    let scope = match section.get("scope") {
        None => parse(match authority.host_str() {
            Some("login.microsoftonline.us") => "https://management.usgovcloudapi.net/.default",
            Some("login.chinacloudapi.cn" | "login.partner.microsoftonline.cn") => {
                "https://management.chinacloudapi.cn/.default"
            }
            _ => PUBLIC_SCOPE,
        }),
        Some(field) => {
            let url = field.url()?;
            if url.scheme() != "https" || url.path() != "/.default" || url.query().is_some() {
                let remedy = format!("write something like \"{PUBLIC_SCOPE}\"");
                return Err(field.wrong("is no scope", remedy));
            }
            url
        }
    };
    Ok((authority, scope))
}

/// Plain http only where it doesn't leave the machine.
fn is_secure(url: &Url) -> bool {
    let local = match url.host() {
        Some(url::Host::Ipv4(v4)) => v4.is_loopback(),
        Some(url::Host::Ipv6(v6)) => v6.is_loopback(),
        _ => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && local)
}
