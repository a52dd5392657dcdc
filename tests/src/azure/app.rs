//! The container app: its secrets, its template, its revisions, and how Azure describes it.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::revision::Revision;

/// A secret of the app.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// Its own.
    Value(String),
    /// A reference to a vault.
    Vault {
        /// Where the vault has it.
        url: String,
        /// Who reads it.
        identity: String,
    },
}

/// The app.
#[derive(Clone)]
#[expect(missing_docs, reason = "Azure documents them under these names")]
pub struct App {
    pub subscription: String,
    pub group: String,
    pub name: String,
    pub location: String,
    /// In order.
    pub secrets: Vec<(String, Secret)>,
    pub template: Value,
    pub multiple: bool,
    pub revisions: Vec<Revision>,
    pub provisioning_state: String,
    pub running_status: String,
    pub last_modified: String,
}

/// A moment as Azure writes it: to the second for what its controller creates.
pub(super) fn to_the_second(moment: OffsetDateTime) -> String {
    let moment = moment.replace_nanosecond(0).unwrap_or(moment);
    moment.format(&Rfc3339).unwrap_or_default()
}

impl App {
    /// Its resource id.
    pub fn id(&self) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.App/containerApps/{}",
            self.subscription, self.group, self.name
        )
    }

    /// Notes that it was changed now.
    pub fn touch(&mut self) {
        let now = OffsetDateTime::now_utc();
        self.last_modified = now.format(&Rfc3339).unwrap_or_default();
    }

    /// What one of its own secrets holds.
    pub fn value(&self, name: &str) -> Option<&str> {
        match self.secrets.iter().find(|(other, _)| other == name)? {
            (_, Secret::Value(value)) => Some(value),
            (_, Secret::Vault { .. }) => None,
        }
    }

    /// Sets a secret, in its place.
    pub fn set(&mut self, name: &str, secret: Secret) {
        match self.secrets.iter_mut().find(|(other, _)| other == name) {
            Some((_, old)) => *old = secret,
            None => self.secrets.push((name.to_owned(), secret)),
        }
    }

    /// Changes the first container of the template, and of every revision.
    pub fn change_container(&mut self, change: impl Fn(&mut Value)) {
        change(&mut self.template["containers"][0]);
        for revision in &mut self.revisions {
            change(&mut revision.template["containers"][0]);
        }
    }

    /// How Azure describes it. A secret's value is not shown.
    pub fn describe(&self) -> Value {
        let secrets: Vec<Value> = self
            .secrets
            .iter()
            .map(|secret| entry(secret, false))
            .collect();
        json!({
            "id": self.id(),
            "name": self.name,
            "type": "Microsoft.App/containerApps",
            "location": self.location,
            "tags": { "team": "data" },
            "systemData": {
                "createdAt": "2026-01-05T09:00:00.0000000Z",
                "lastModifiedAt": self.last_modified,
                "lastModifiedByType": "Application",
            },
            "identity": { "type": "SystemAssigned" },
            "properties": {
                "provisioningState": self.provisioning_state,
                "runningStatus": self.running_status,
                "latestRevisionName": self.revisions.last().map(|revision| revision.name.clone()),
                "configuration": {
                    "secrets": secrets,
                    "activeRevisionsMode": if self.multiple { "Multiple" } else { "Single" },
                    "ingress": null,
                    "registries": null,
                },
                "template": self.template,
            },
        })
    }

    /// The answer of `listSecrets`.
    pub fn list_secrets(&self) -> Value {
        let all: Vec<Value> = self
            .secrets
            .iter()
            .map(|secret| entry(secret, true))
            .collect();
        json!({ "value": all })
    }
}

fn entry((name, secret): &(String, Secret), shown: bool) -> Value {
    match secret {
        Secret::Value(value) if shown => json!({ "name": name, "value": value }),
        Secret::Value(_) => json!({ "name": name }),
        Secret::Vault { url, identity } => {
            json!({ "name": name, "keyVaultUrl": url, "identity": identity })
        }
    }
}
