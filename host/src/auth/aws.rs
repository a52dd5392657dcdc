//! AWS: the SDK's default chain for the credential, Signature Version 4 for the request.

use std::time::{Duration, SystemTime};

use aws_config::Region;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::identity::Identity;
use tokio::sync::{Mutex, OnceCell};
use url::Url;

use super::{AuthError, Outgoing};
use crate::secret::SecretString;

/// A credential is fetched anew when less than this is left of it.
const MARGIN: Duration = Duration::from_secs(300);

/// An AWS identity of the operator's.
pub struct Aws {
    name: String,
    profile: Option<String>,
    role_arn: Option<String>,
    provider: OnceCell<SharedCredentialsProvider>,
    current: Mutex<Option<Credentials>>,
}

/// Which service in which region a host name stands for.
#[derive(Debug, PartialEq, Eq)]
pub struct AwsPlace {
    /// `secretsmanager`, `ecs`, …
    pub service: String,
    /// `eu-west-1`, …
    pub region: String,
}

impl AwsPlace {
    /// Reads `{service}.{region}.amazonaws.com`; `None` for every other host.
    pub fn of(url: &Url) -> Option<Self> {
        let host = url.host_str()?;
        let name = host
            .strip_suffix(".amazonaws.com")
            .or(host.strip_suffix(".amazonaws.com.cn"))?;
        let (service, region) = name.split_once('.')?;
        let plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        (plain(service) && plain(region)).then(|| Self {
            service: service.to_owned(),
            region: region.to_owned(),
        })
    }
}

impl Aws {
    /// The identity that the config names; nothing is fetched yet.
    pub fn new(name: String, profile: Option<String>, role_arn: Option<String>) -> Self {
        Self {
            name,
            profile,
            role_arn,
            provider: OnceCell::new(),
            current: Mutex::new(None),
        }
    }

    pub(super) async fn warm(&self) -> Result<(), AuthError> {
        // No request has said a region yet, and only STS would need one.
        let set = |name| std::env::var(name).ok().filter(|region| !region.is_empty());
        let region = set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION"));
        let region = region.as_deref().unwrap_or("us-east-1");
        self.credentials(region).await.map(|_| ())
    }

    pub(super) async fn headers(
        &self,
        outgoing: &Outgoing<'_>,
    ) -> Result<Vec<(String, SecretString)>, AuthError> {
        let place = AwsPlace::of(outgoing.asked).ok_or_else(|| AuthError::WrongPlace {
            name: self.name.clone(),
            host: outgoing.asked.host_str().unwrap_or_default().to_owned(),
            problem: "an AWS credential signs for SERVICE.REGION.amazonaws.com only",
        })?;
        let identity: Identity = self.credentials(&place.region).await?.into();
        self.sign(&identity, &place, outgoing)
            .map_err(|problem| AuthError::Unavailable {
                name: self.name.clone(),
                problem: format!("the request could not be signed: {problem}"),
            })
    }

    fn sign(
        &self,
        identity: &Identity,
        place: &AwsPlace,
        outgoing: &Outgoing<'_>,
    ) -> Result<Vec<(String, SecretString)>, Box<dyn std::error::Error + Send + Sync>> {
        let params = v4::SigningParams::builder()
            .identity(identity)
            .region(&place.region)
            .name(&place.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers = outgoing
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let request = SignableRequest::new(
            outgoing.method,
            outgoing.url.as_str(),
            headers,
            SignableBody::Bytes(outgoing.body),
        )?;
        let (instructions, _signature) = sign(request, &params)?.into_parts();
        Ok(instructions
            .headers()
            .map(|(name, value)| (name.to_owned(), SecretString::new(value.to_owned())))
            .collect())
    }

    async fn credentials(&self, region: &str) -> Result<Credentials, AuthError> {
        let mut current = self.current.lock().await;
        let fresh = |credentials: &Credentials| {
            credentials
                .expiry()
                .is_none_or(|expiry| expiry > SystemTime::now() + MARGIN)
        };
        if let Some(credentials) = current.as_ref().filter(|credentials| fresh(credentials)) {
            return Ok(credentials.clone());
        }
        let provider = self.provider.get_or_init(|| self.provider(region)).await;
        let credentials =
            provider
                .provide_credentials()
                .await
                .map_err(|error| AuthError::Unavailable {
                    name: self.name.clone(),
                    problem: self.remedy(&error),
                })?;
        *current = Some(credentials.clone());
        Ok(credentials)
    }

    /// The region is a parameter: looking for a default one could wait for an instance's metadata
    /// service, and only STS needs one.
    async fn provider(&self, region: &str) -> SharedCredentialsProvider {
        // First in the chain anyway. Asked before it, since a client for the sources that come after
        // reads the system's certificates, which takes tens of milliseconds.
        let environment = EnvironmentVariableCredentialsProvider::new();
        if self.profile.is_none()
            && self.role_arn.is_none()
            && environment.provide_credentials().await.is_ok()
        {
            return SharedCredentialsProvider::new(environment);
        }
        let region = Region::new(region.to_owned());
        let client = Builder::new()
            .tls_provider(tls::Provider::Rustls(
                tls::rustls_provider::CryptoMode::Ring,
            ))
            .build_https();
        let config = ProviderConfig::without_region()
            .with_http_client(client.clone())
            .with_region(Some(region.clone()));
        let chain = match &self.profile {
            // As in the AWS CLI: a profile that is named is meant, whatever the environment holds.
            Some(profile) => SharedCredentialsProvider::new(
                ProfileFileCredentialsProvider::builder()
                    .configure(&config)
                    .profile_name(profile)
                    .build(),
            ),
            None => {
                let chain = DefaultCredentialsChain::builder().configure(config);
                SharedCredentialsProvider::new(chain.region(region.clone()).build().await)
            }
        };
        let Some(role) = &self.role_arn else {
            return chain;
        };
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .credentials_provider(chain)
            .region(region)
            .http_client(client)
            .load()
            .await;
        let role = AssumeRoleProvider::builder(role)
            .session_name("keyferry")
            .configure(&config)
            .build()
            .await;
        SharedCredentialsProvider::new(role)
    }

    /// What to do about it. The error's `Debug` is never used: it may hold what a source answered.
    fn remedy(&self, error: &aws_credential_types::provider::error::CredentialsError) -> String {
        use std::error::Error as _;
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        let (source, same) = match &self.profile {
            Some(profile) => (
                format!("the profile `{profile}` of the AWS files"),
                format!("aws sts get-caller-identity --profile {profile}"),
            ),
            None => (
                "AWS's default chain (environment, profile, SSO, container, instance, web identity)".to_owned(),
                "aws sts get-caller-identity".to_owned(),
            ),
        };
        let role = self
            .role_arn
            .as_deref()
            .map(|r| format!(", to assume {r}"))
            .unwrap_or_default();
        format!("{source} gave none{role}: {text}. Try `{same}` in the same shell")
    }
}
