//! A private RSA key that signs JSON web tokens: what Snowflake's key pairs and Entra's
//! certificates have in common.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use pkcs8::der::{Encode, SecretDocument};
use pkcs8::spki::{AlgorithmIdentifier, SubjectPublicKeyInfo};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::secret::SecretString;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const PLAIN: &str = "PRIVATE KEY";
const OLDER: &str = "RSA PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// Why there is no key to sign with. None of these holds a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No such block.
    #[error(
        "it holds no private key in PEM: a block that begins with `-----BEGIN PRIVATE KEY-----`"
    )]
    NoKey,
    /// A block that can't be read.
    #[error(
        "its private key is damaged, or in a form that is not known: write it anew with `openssl pkcs8 -topk8`"
    )]
    Damaged,
    /// No passphrase for an encrypted key.
    #[error("its private key is encrypted, and the config gives no passphrase for it")]
    Locked,
    /// Not the right passphrase.
    #[error(
        "its private key can't be decrypted: the passphrase is not the right one, or the cipher is too old; `openssl pkcs8 -topk8 -v2 aes256` writes a good one"
    )]
    Passphrase,
    /// Another kind of key, or a weak one.
    #[error("its private key is no RSA key of 2048 to 4096 bits")]
    NotRsa,
    /// The system gave no randomness.
    #[error("it could not sign")]
    Unsigned,
}

/// A key that can sign. It can't be shown.
pub struct RsaKey(RsaKeyPair);

impl RsaKey {
    /// Reads a key in PKCS#8, encrypted or not, or in PKCS#1.
    ///
    /// # Errors
    /// If there is none, or it can't be opened.
    pub fn from_pem(pem: &str, passphrase: Option<&SecretString>) -> Result<Self, KeyError> {
        let block = [PLAIN, OLDER, ENCRYPTED]
            .iter()
            .find_map(|label| block(pem, label));
        let block = block.ok_or(KeyError::NoKey)?;
        let (label, document) = SecretDocument::from_pem(block).map_err(|_| KeyError::Damaged)?;
        let pair = match label {
            OLDER => RsaKeyPair::from_der(document.as_bytes()),
            ENCRYPTED => {
                let passphrase = passphrase.ok_or(KeyError::Locked)?;
                let encrypted = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
                    .map_err(|_| KeyError::Damaged)?;
                let plain = encrypted
                    .decrypt(passphrase.expose())
                    .map_err(|_| KeyError::Passphrase)?;
                RsaKeyPair::from_pkcs8(plain.as_bytes())
            }
            _ => RsaKeyPair::from_pkcs8(document.as_bytes()),
        };
        pair.map(Self).map_err(|_| KeyError::NotRsa)
    }

    /// `SHA256:` and the digest of the public key, as `DESCRIBE USER` shows it.
    ///
    /// # Errors
    /// If the public key can't be written down.
    pub fn fingerprint(&self) -> Result<String, KeyError> {
        let key = self.0.public_key().as_ref();
        let info = SubjectPublicKeyInfo {
            algorithm: AlgorithmIdentifier {
                oid: RSA,
                parameters: Some(AnyRef::NULL),
            },
            subject_public_key: BitStringRef::from_bytes(key).map_err(|_| KeyError::Damaged)?,
        };
        let info = info.to_der().map_err(|_| KeyError::Damaged)?;
        Ok(format!("SHA256:{}", STANDARD.encode(Sha256::digest(&info))))
    }

    /// A token in the compact form, signed with RS256.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn token(&self, header: &Value, claims: &Value) -> Result<SecretString, KeyError> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut token = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.0.public().modulus_len()];
        let random = SystemRandom::new();
        self.0
            .sign(&RSA_PKCS1_SHA256, &random, token.as_bytes(), &mut signature)
            .map_err(|_| KeyError::Unsigned)?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(&signature));
        Ok(SecretString::new(token))
    }
}

/// The first block of this kind in a file that may hold several.
pub(super) fn block<'p>(pem: &'p str, label: &str) -> Option<&'p str> {
    let end = format!("-----END {label}-----");
    let start = pem.find(&format!("-----BEGIN {label}-----"))?;
    let length = pem[start..].find(&end)? + end.len();
    Some(&pem[start..start + length])
}

#[cfg(test)]
mod tests;
