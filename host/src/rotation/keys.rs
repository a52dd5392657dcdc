//! The keys of one state directory: who can read journaled secrets, and what fingerprints mean.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use age::secrecy::ExposeSecret;
use age::x25519;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::secret::{Credential, SecretString};

/// Why the keys can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A key file can't be read or made.
    #[error("cannot read or make {}: {source}\nCheck that the state directory can be written, or name another with --state-dir.", path.display())]
    Io {
        /// The key file.
        path: PathBuf,
        /// What came back.
        source: std::io::Error,
    },
    /// It holds something else.
    #[error("{} is not the age identity that keyferry wrote: secrets in the journal can't be read without it", .0.display())]
    NotAnIdentity(PathBuf),
    /// It is too short to be a key.
    #[error("{} is not the key that keyferry wrote; move it away, and keyferry makes another: fingerprints made before then mean nothing", .0.display())]
    NotAKey(PathBuf),
    /// A recipient in the config is none.
    #[error(
        "`{recipient}` under [journal] is not an age recipient: {problem}; one looks like age1…"
    )]
    NotARecipient {
        /// As given.
        recipient: String,
        /// What is wrong.
        problem: String,
    },
    /// It could not be encrypted.
    #[error("the secret could not be encrypted for the journal: {0}")]
    Encrypt(String),
    /// It could not be decrypted.
    #[error(
        "the secret in the journal could not be decrypted: {0}\nIt was written with another identity; one of the [journal] recipients can read it with `age -d`."
    )]
    Decrypt(String),
}

/// The keys, loaded.
pub struct Keys {
    identity: x25519::Identity,
    recipients: Vec<x25519::Recipient>,
    fingerprint: Vec<u8>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Plain<'a> {
    client_id: std::borrow::Cow<'a, str>,
    client_secret: std::borrow::Cow<'a, str>,
}

impl Keys {
    /// Loads the keys, making those that are not there.
    ///
    /// # Errors
    /// If they can't be read, made, or are something else.
    pub fn load(state_dir: &Path, recipients: &[String]) -> Result<Self, KeyError> {
        let read = |name: &str, fresh: fn() -> Vec<u8>| {
            let path = state_dir.join(name);
            crate::disk::private_folder(state_dir)
                .and_then(|()| crate::disk::read_or_create(&path, fresh))
                .map_err(|source| KeyError::Io {
                    path: path.clone(),
                    source,
                })
                .map(|contents| (path, Zeroizing::new(contents)))
        };
        let (path, text) = read("identity.txt", || {
            let identity = x25519::Identity::generate();
            format!("{}\n", identity.to_string().expose_secret()).into_bytes()
        })?;
        let identity = std::str::from_utf8(&text)
            .ok()
            .and_then(|text| x25519::Identity::from_str(text.trim()).ok())
            .ok_or(KeyError::NotAnIdentity(path))?;
        let (path, fingerprint) = read("fingerprint.key", || {
            [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()]
                .iter()
                .flat_map(|u| *u.as_bytes())
                .collect()
        })?;
        if fingerprint.len() < 32 {
            return Err(KeyError::NotAKey(path));
        }
        let mut parsed = vec![identity.to_public()];
        for recipient in recipients {
            parsed.push(x25519::Recipient::from_str(recipient).map_err(|problem| {
                KeyError::NotARecipient {
                    recipient: recipient.clone(),
                    problem: problem.to_owned(),
                }
            })?);
        }
        Ok(Self {
            identity,
            recipients: parsed,
            fingerprint: fingerprint.to_vec(),
        })
    }

    /// What tells two credentials apart without telling what they are. Only good on this machine:
    /// without the key, nobody can try secrets against it.
    pub fn fingerprint(&self, credential: &Credential) -> String {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.fingerprint)
            .expect("HMAC takes a key of any length");
        mac.update(credential.client_id.as_bytes());
        mac.update(&[0]);
        mac.update(credential.client_secret.expose().as_bytes());
        crate::sandbox::hex(&mac.finalize().into_bytes()[..8])
    }

    /// The credential, encrypted to the local identity and to every recipient.
    ///
    /// # Errors
    /// If encryption fails, which it does for no known reason.
    pub fn encrypt(&self, credential: &Credential) -> Result<Vec<u8>, KeyError> {
        let plain = Zeroizing::new(
            serde_json::to_vec(&Plain {
                client_id: credential.client_id.as_str().into(),
                client_secret: credential.client_secret.expose().into(),
            })
            .map_err(|error| KeyError::Encrypt(error.to_string()))?,
        );
        let fail = |error: &dyn std::fmt::Display| KeyError::Encrypt(error.to_string());
        let recipients = self
            .recipients
            .iter()
            .map(|recipient| recipient as &dyn age::Recipient);
        let encryptor =
            age::Encryptor::with_recipients(recipients).map_err(|error| fail(&error))?;
        let mut encrypted = Vec::new();
        let mut writer = encryptor
            .wrap_output(&mut encrypted)
            .map_err(|error| fail(&error))?;
        std::io::Write::write_all(&mut writer, &plain).map_err(|error| fail(&error))?;
        writer.finish().map_err(|error| fail(&error))?;
        Ok(encrypted)
    }

    /// The credential back.
    ///
    /// # Errors
    /// If the local identity is no recipient, or the bytes are damaged.
    pub fn decrypt(&self, encrypted: &[u8]) -> Result<Credential, KeyError> {
        let plain = Zeroizing::new(
            age::decrypt(&self.identity, encrypted)
                .map_err(|error| KeyError::Decrypt(error.to_string()))?,
        );
        let plain: Plain<'_> = serde_json::from_slice(&plain)
            .map_err(|_| KeyError::Decrypt("it holds no credential".to_owned()))?;
        Ok(Credential {
            client_id: plain.client_id.into_owned(),
            client_secret: SecretString::new(plain.client_secret.into_owned()),
        })
    }
}
