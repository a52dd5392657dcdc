//! The app's secrets, which Azure only takes as a whole: one is changed, and every other one goes
//! back as it came, whose values are tokens all the while.

use keyferry_sdk::{Credential, Encoding, Failure, Host};
use serde_json::{Map, Value};

use crate::arm::{self, Place};
use crate::containers::Names;

/// What `listSecrets` gives.
pub(crate) struct Secrets(Vec<Map<String, Value>>);

/// Reads all secrets of the app.
pub(crate) fn list(host: &dyn Host, place: &Place) -> Result<Secrets, Failure> {
    let what = format!("listing the secrets of {}", place.app);
    let answer: Value = arm::read(host.post(&place.secrets_url()), &what)?.json()?;
    let entries = match &answer["value"] {
        Value::Null => Vec::new(),
        list => serde_json::from_value(list.clone())
            .map_err(|error| Failure::rejected(format!("{what}: {error}")))?,
    };
    Ok(Secrets(entries))
}

impl Secrets {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn entry(&self, name: &str) -> Option<&Map<String, Value>> {
        self.0
            .iter()
            .find(|entry| text(entry, "name") == Some(name))
    }

    /// Fails if the secret can't be written here.
    pub(crate) fn writable(&self, name: &str, place: &Place) -> Result<(), Failure> {
        let app = &place.app;
        let Some(entry) = self.entry(name) else {
            return Err(Failure::missing(format!("{app} has no secret {name}")));
        };
        match vault(entry) {
            None => Ok(()),
            Some(url) => Err(Failure::rejected(format!(
                "the secret {name} of {app} only refers to {url}, so its value is the vault's; give {app} a secret of its own for it, or have the vault written by a sink of its own"
            ))),
        }
    }

    /// Whether the secret named holds this client secret.
    pub(crate) fn holds(&self, names: &Names, credential: &Credential) -> bool {
        let stored = self
            .entry(&names.secret)
            .and_then(|entry| text(entry, "value"));
        stored.is_some_and(|stored| credential.client_secret.matches(stored))
    }

    /// Whether the client id that the runner reads is the credential's, as far as it can be seen.
    pub(crate) fn knows_id(&self, names: &Names, credential: &Credential) -> bool {
        match names.id.as_deref().and_then(|id| self.entry(id)) {
            Some(entry) if vault(entry).is_none() => {
                text(entry, "value") == Some(&credential.client_id)
            }
            _ => true,
        }
    }

    /// What is read of the client id can't be changed here, or not be seen.
    pub(crate) fn hides_id(&self, names: &Names) -> Option<String> {
        let id = names.id.as_deref()?;
        let entry = self.entry(id)?;
        vault(entry).map(|url| {
            format!("the client id comes from {url}, so whether it is the runner's can't be seen")
        })
    }

    /// The whole list with the credential in its place.
    pub(crate) fn with(&self, names: &Names, fresh: &Credential) -> Result<Vec<Value>, Failure> {
        self.0
            .iter()
            .map(|entry| {
                let name = text(entry, "name").unwrap_or_default();
                let mut kept = entry.clone();
                // Azure shows what it does not use as null or empty, and refuses it so.
                kept.retain(|member, value| {
                    let empty = value.is_null() || value.as_str() == Some("");
                    !empty || (member == "value" && !value.is_null())
                });
                if name == names.secret {
                    let token = fresh.client_secret.token(&[Encoding::Json]);
                    kept.insert("value".to_owned(), token.into());
                } else if vault(entry).is_some() {
                    // What is shown with it is a copy of the vault's.
                    kept.remove("value");
                } else if names.id.as_deref() == Some(name) {
                    kept.insert("value".to_owned(), fresh.client_id.as_str().into());
                } else if !kept.contains_key("value") {
                    return Err(Failure::rejected(format!(
                        "Azure does not show the value of the secret {name}, and the list can only be written as a whole: it would be lost"
                    )));
                }
                Ok(Value::Object(kept))
            })
            .collect()
    }
}

fn vault(entry: &Map<String, Value>) -> Option<&str> {
    text(entry, "keyVaultUrl").filter(|url| !url.is_empty())
}

fn text<'a>(entry: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    entry.get(member)?.as_str()
}
