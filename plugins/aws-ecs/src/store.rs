//! The secret in Secrets Manager: read, confirmed, and written under the attempt's id, so that a
//! repeat of the same write is no second one.

use keyferry_sdk::{Credential, Failure, Host, Receipt, Target};
use serde::Deserialize;
use serde_json::json;

use crate::aws::{self, DESCRIBE_SECRET, GET_SECRET_VALUE, PUT_SECRET_VALUE};
use crate::secret::Held;
use crate::settings::Settings;

/// The current version of the secret, or its absence in a secret that exists.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Entry {
    #[serde(rename = "ARN")]
    pub(crate) arn: String,
    pub(crate) name: String,
    #[serde(rename = "VersionId", default)]
    pub(crate) version: String,
    secret_string: Option<String>,
    secret_binary: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
    deleted_date: Option<serde_json::Value>,
    owning_service: Option<String>,
    primary_region: Option<String>,
    #[serde(default)]
    rotation_enabled: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stored {
    version_id: String,
}

impl Entry {
    pub(crate) fn held(&self, settings: &Settings) -> Result<Held<'_>, Failure> {
        match (&self.secret_string, &self.secret_binary) {
            (Some(text), _) => Held::parse(text, settings),
            (None, None) => Ok(Held::Nothing),
            (None, Some(_)) => Err(Failure::rejected(format!(
                "{} holds binary data, which no runner reads; see that secret_id names the runner's secret",
                self.arn
            ))),
        }
    }

    pub(crate) fn location(&self, settings: &Settings, held: &Held) -> String {
        match held {
            Held::Plain(_) => self.arn.clone(),
            _ => format!("{}#{}", self.arn, settings.client_secret_key),
        }
    }

    pub(crate) fn receipt(&self, settings: &Settings, held: &Held) -> Receipt {
        Receipt::new(self.location(settings, held), self.version.clone())
    }
}

/// Reads the current version. A secret that exists without one is an entry that holds nothing.
pub(crate) fn read(host: &dyn Host, settings: &Settings) -> Result<Entry, Failure> {
    let body = json!({ "SecretId": settings.secret_id });
    let missing = match aws::call(host, settings, &GET_SECRET_VALUE, &body) {
        Ok(entry) => return Ok(entry),
        Err(refusal) if refusal.is("ResourceNotFoundException") => refusal,
        Err(refusal) => return Err(refusal.into()),
    };
    match aws::call::<Description>(host, settings, &DESCRIBE_SECRET, &body) {
        Ok(Description { arn, name, .. }) => Ok(Entry {
            arn,
            name,
            version: String::new(),
            secret_string: None,
            secret_binary: None,
        }),
        Err(_) => Err(missing.into()),
    }
}

/// What can be known of the secret beside its value: a failure if it can't be written, warnings for
/// what may undo the write or can't be seen.
pub(crate) fn confirm(host: &dyn Host, settings: &Settings) -> Result<Vec<String>, Failure> {
    let body = json!({ "SecretId": settings.secret_id });
    let description: Description = match aws::call(host, settings, &DESCRIBE_SECRET, &body) {
        Ok(description) => description,
        Err(refusal) if refusal.is_denied() => {
            return Ok(vec![format!(
                "whether something else rotates or owns {} can't be seen: the identity in use lacks secretsmanager:DescribeSecret",
                settings.secret_id
            )]);
        }
        Err(refusal) => return Err(refusal.into()),
    };
    let Description {
        arn,
        deleted_date,
        owning_service,
        primary_region,
        rotation_enabled,
        ..
    } = description;
    if deleted_date.is_some_and(|date| !date.is_null()) {
        return Err(Failure::rejected(format!(
            "{arn} is scheduled for deletion; restore it first"
        )));
    }
    if let Some(owner) = owning_service {
        return Err(Failure::rejected(format!(
            "{arn} is managed by {owner}, which alone may write it"
        )));
    }
    if let Some(primary) = primary_region.filter(|primary| *primary != settings.region) {
        return Err(Failure::rejected(format!(
            "{arn} is a replica, which can't be written; name the secret in {primary}"
        )));
    }
    let rotates = rotation_enabled.unwrap_or_default();
    let warning = || {
        format!("{arn} has automatic rotation switched on, which may overwrite the runner's secret")
    };
    Ok(rotates.then(warning).into_iter().collect())
}

/// Stores the text as the current version.
pub(crate) fn put(
    host: &dyn Host,
    target: &Target<Settings>,
    before: &Entry,
    held: &Held,
    text: &str,
    fresh: &Credential,
) -> Result<Receipt, Failure> {
    let settings = &target.settings;
    let body = json!({
        "SecretId": settings.secret_id,
        "ClientRequestToken": target.attempt,
        "SecretString": text,
    });
    match aws::call::<Stored>(host, settings, &PUT_SECRET_VALUE, &body) {
        Ok(stored) => Ok(Receipt::new(
            before.location(settings, held),
            stored.version_id,
        )),
        // The attempt has written already, and what lies around its value has changed since: that
        // is no loss as long as the value is there.
        Err(refusal) if refusal.is("ResourceExistsException") => {
            if held.is(fresh) {
                return Ok(before.receipt(settings, held));
            }
            Err(Failure::conflict(format!(
                "this attempt has written {} before, and something else was written since; see who else writes it",
                before.arn
            )))
        }
        Err(refusal) => Err(refusal.into()),
    }
}
