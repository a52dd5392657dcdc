use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::json;

use super::*;
use crate::auth::fixtures::{AES256, APPLICATION, DES3, EC, PASSPHRASE, PKCS1, PLAIN, PUBLIC};

fn passphrase() -> Option<SecretString> {
    Some(SecretString::new(PASSPHRASE.into()))
}

#[test]
fn every_form_is_the_same_key() {
    for (pem, passphrase) in [
        (PLAIN, None),
        (PKCS1, None),
        (AES256, passphrase()),
        (DES3, passphrase()),
        (APPLICATION, passphrase()),
    ] {
        let key = RsaKey::from_pem(pem, passphrase.as_ref()).unwrap();
        // As `openssl rsa -pubout -outform DER | openssl dgst -sha256 -binary | base64` has it.
        let openssl = "SHA256:G8QnbXJ2OyYieh9EiPSfxekjM4x7QJeJMBl5IUK4Ygk=";
        assert_eq!(key.fingerprint().unwrap(), openssl);
    }
}

#[test]
fn a_token_is_signed_by_the_key() {
    let key = RsaKey::from_pem(PLAIN, None).unwrap();
    let token = key
        .token(&json!({"alg": "RS256"}), &json!({"sub": "é"}))
        .unwrap();
    let (signed, signature) = token.expose().rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, PUBLIC);
    public.verify(signed.as_bytes(), &signature).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    assert_eq!(
        URL_SAFE_NO_PAD.decode(header).unwrap(),
        br#"{"alg":"RS256"}"#
    );
    assert_eq!(
        URL_SAFE_NO_PAD.decode(claims).unwrap(),
        "{\"sub\":\"é\"}".as_bytes()
    );
}

#[test]
fn what_is_no_key_says_why() {
    let wrong = Some(SecretString::new("not-it".into()));
    let cut = PLAIN.replace("MII", "M");
    for (pem, passphrase, error) in [
        ("", None, KeyError::NoKey),
        ("ssh-rsa AAAA", None, KeyError::NoKey),
        (AES256, None, KeyError::Locked),
        (AES256, wrong.clone(), KeyError::Passphrase),
        (DES3, wrong, KeyError::Passphrase),
        (EC, None, KeyError::NotRsa),
        (cut.as_str(), None, KeyError::Damaged),
    ] {
        let found = RsaKey::from_pem(pem, passphrase.as_ref()).err().unwrap();
        assert_eq!(found, error);
        assert!(!found.to_string().contains("not-it"));
    }
}
