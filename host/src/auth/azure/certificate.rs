//! An application's certificate: what it asks with is a token signed by the certificate's key.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use azure_core::error::{Error, ErrorKind};
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::auth::rsa_key::{KeyError, RsaKey, block};
use crate::secret::SecretString;

const LIFETIME: Duration = Duration::from_secs(600);

/// A certificate that can sign; its `Debug` shows nothing of it.
pub(super) struct Certificate {
    key: RsaKey,
    thumbprint: String,
    client: String,
    audience: String,
}

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum CertificateError {
    #[error(
        "it holds no certificate in PEM: a block that begins with `-----BEGIN CERTIFICATE-----`; a PFX file is made one with `openssl pkcs12 -nodes`"
    )]
    None,
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Certificate {
    /// Reads certificate and key from one PEM file.
    pub(super) fn new(
        pem: &str,
        password: Option<&SecretString>,
        client: &str,
        audience: &str,
    ) -> Result<Self, CertificateError> {
        let text = block(pem, "CERTIFICATE").ok_or(CertificateError::None)?;
        let inner = text.lines().filter(|line| !line.starts_with("-----"));
        let inner: String = inner.map(str::trim).collect();
        let der = STANDARD.decode(inner).map_err(|_| CertificateError::None)?;
        Ok(Self {
            key: RsaKey::from_pem(pem, password)?,
            thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(&der)),
            client: client.to_owned(),
            audience: audience.to_owned(),
        })
    }

    fn assertion(&self, now: SystemTime) -> Result<SecretString, KeyError> {
        let issued = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let header = json!({ "typ": "JWT", "alg": "RS256", "x5t#S256": self.thumbprint });
        let claims = json!({
            "aud": self.audience,
            "iss": self.client,
            "sub": self.client,
            "jti": uuid::Uuid::new_v4().to_string(),
            "nbf": issued,
            "exp": issued + LIFETIME.as_secs(),
        });
        self.key.token(&header, &claims)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Certificate")
    }
}

#[async_trait::async_trait]
impl ClientAssertion for Certificate {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let signed = self.assertion(SystemTime::now());
        let signed = signed.map_err(|error| Error::new(ErrorKind::Credential, error))?;
        Ok(signed.expose().to_owned())
    }
}
