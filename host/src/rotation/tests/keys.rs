//! Fingerprints and the keys they hang on.

use super::model::credential;
use super::stage::folder;
use crate::rotation::{KeyError, Keys};
use crate::secret::{Credential, SecretString};

#[test]
fn fingerprints_tell_key_id_and_secret_apart_and_outlast_the_process() {
    let (here, there) = (folder(), folder());
    let keys = Keys::load(here.path(), &[]).unwrap();
    let first = keys.fingerprint(&credential(1));
    assert_eq!(keys.fingerprint(&credential(1)), first);
    assert_ne!(keys.fingerprint(&credential(2)), first);
    let other_id = Credential {
        client_id: "other".to_owned(),
        ..credential(1)
    };
    assert_ne!(keys.fingerprint(&other_id), first);
    // The border between id and secret counts too.
    let pair = |id: &str, secret: &str| Credential {
        client_id: id.to_owned(),
        client_secret: SecretString::new(secret.to_owned()),
    };
    assert_ne!(
        keys.fingerprint(&pair("ab", "c")),
        keys.fingerprint(&pair("a", "bc"))
    );
    let again = Keys::load(here.path(), &[]).unwrap();
    assert_eq!(again.fingerprint(&credential(1)), first);
    let elsewhere = Keys::load(there.path(), &[]).unwrap();
    assert_ne!(elsewhere.fingerprint(&credential(1)), first);
}

#[test]
fn what_is_no_key_is_said_and_not_replaced() {
    let folder = folder();
    let path = folder.path().join("identity.txt");
    std::fs::write(&path, "something else").unwrap();
    let error = Keys::load(folder.path(), &[]).err().unwrap();
    assert!(matches!(error, KeyError::NotAnIdentity(_)), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"something else");
}

#[test]
fn a_recipient_that_is_none_is_named() {
    let folder = folder();
    let error = Keys::load(folder.path(), &["age1nonsense".to_owned()]);
    let error = error.err().unwrap().to_string();
    assert!(error.contains("`age1nonsense`"), "{error}");
}

#[test]
fn an_empty_fingerprint_key_is_refused() {
    let folder = folder();
    Keys::load(folder.path(), &[]).unwrap();
    std::fs::write(folder.path().join("fingerprint.key"), "").unwrap();
    let error = Keys::load(folder.path(), &[]).err().unwrap().to_string();
    assert!(error.contains("fingerprint.key"), "{error}");
}
