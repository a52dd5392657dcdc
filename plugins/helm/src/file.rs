//! The values file: the two scalars of the credential in it, and the same file with a fresh one.

use keyferry_sdk::{Credential, Document, Encoding, Failure, Host};

use crate::key::Key;
use crate::needs::VALUES;
use crate::settings::Settings;
use crate::yaml::{self, Obstacle, Scalar};

/// The file as it was read.
pub(crate) struct File {
    document: Document,
}

/// What it holds under the two keys.
pub(crate) struct Held<'f> {
    yaml: yaml::Document<'f>,
    secret: Scalar,
    /// Absent where the client id comes from somewhere else.
    id: Option<Scalar>,
}

impl File {
    pub(crate) fn read(host: &dyn Host) -> Result<Self, Failure> {
        let document = host.read(VALUES)?;
        Ok(Self { document })
    }

    pub(crate) fn held(&self, settings: &Settings) -> Result<Held<'_>, Failure> {
        let text = self.document.text()?;
        let (key, id_key) = (Key::parse(&settings.key), Key::parse(&settings.id_key));
        let refused = |key: &Key, obstacle| refusal(settings, key, obstacle);
        let yaml = yaml::Document::parse(text).map_err(|why| refused(&key, why))?;
        let secret = yaml.scalar(&key).map_err(|why| refused(&key, why))?;
        let id = match yaml.scalar(&id_key) {
            Ok(id) => Some(id),
            Err(Obstacle::Absent { merged: false }) => None,
            Err(why) => return Err(refused(&id_key, why)),
        };
        Ok(Held { yaml, secret, id })
    }

    /// Replaces the file, also where nothing in it changes: a rehearsal has to show that it can be.
    pub(crate) fn replace(&self, host: &dyn Host, text: &str) -> Result<(), Failure> {
        host.replace(VALUES, text.as_bytes(), &self.document.revision)?;
        Ok(())
    }
}

impl Held<'_> {
    /// Whether it is this credential. An id that is not stored here is not compared.
    pub(crate) fn is(&self, credential: &Credential) -> bool {
        let id = self
            .id
            .as_ref()
            .is_none_or(|id| id.value == credential.client_id);
        id && credential.client_secret.matches(&self.secret.value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.secret.value.is_empty()
    }

    pub(crate) fn has_id(&self) -> bool {
        self.id.is_some()
    }

    /// The file's text with this credential in it, the secret as a token.
    pub(crate) fn with(&self, fresh: &Credential, settings: &Settings) -> Result<String, Failure> {
        let token = fresh.client_secret.token(&[Encoding::Yaml]);
        // JSON's escapes are YAML's.
        let id = serde_json::Value::from(fresh.client_id.as_str()).to_string();
        let mut changes = Vec::new();
        if !fresh.client_secret.matches(&self.secret.value) {
            changes.push((&self.secret, token.as_str()));
        }
        if let Some(old) = self.id.as_ref().filter(|old| old.value != fresh.client_id) {
            changes.push((old, &id[1..id.len() - 1]));
        }
        let text = self.yaml.with(&changes);
        text.map_err(|why| refusal(settings, &Key::parse(&settings.key), why))
    }
}

/// Why the key's value can't be replaced, and what to do about it.
fn refusal(settings: &Settings, key: &Key, obstacle: Obstacle) -> Failure {
    let file = &settings.values;
    let write = format!("write `\"\"` as the value of {key} in {file} itself");
    let message = match obstacle {
        Obstacle::Syntax(at) => format!(
            "{file} is no YAML: line {}, column {}: {}",
            at.line, at.column, at.problem
        ),
        Obstacle::Absent { merged: false } => format!(
            "{file} has no {key}; see the settings `key`, `id_key` and `values`, or {write}"
        ),
        Obstacle::Absent { merged: true } => format!(
            "{file} has no {key} but what `<<` may merge in, which is shared with others; {write}"
        ),
        Obstacle::LaterDocument => format!(
            "{key} stands in a later document of {file}, and helm reads the first one only; move it there"
        ),
        Obstacle::Twice => format!(
            "{key}, or a part of it, stands twice in {file}; remove the one that is not read"
        ),
        Obstacle::Null => format!("{key} in {file} has no value; {write}"),
        Obstacle::Collection => format!(
            "{key} in {file} is a mapping or a list; name the value inside it that holds the credential"
        ),
        Obstacle::Alias => format!(
            "{key} in {file} is, or lies in, an alias of a value that others share; {write}"
        ),
        Obstacle::Shared => format!(
            "{key} in {file} has an anchor that others repeat, so they would change with it; take the anchor away or write the others out"
        ),
        Obstacle::Tagged(tag) => format!(
            "{key} in {file} has the type `{tag}`, and a client secret is text; write it in double quotes without a type"
        ),
        Obstacle::Unclear => format!(
            "{key} in {file} is written in a way that can't be replaced in place; write it in double quotes in the line of its key"
        ),
    };
    Failure::rejected(message)
}
