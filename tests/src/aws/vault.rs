//! The secrets of an account: versions, their stages, and when a repeated write is harmless.

use time::OffsetDateTime;
use uuid::Uuid;

/// What one version holds.
#[derive(Clone, PartialEq, Eq)]
pub enum Stored {
    /// `SecretString`.
    Text(String),
    /// `SecretBinary`.
    Binary(Vec<u8>),
}

/// One version of a secret.
#[derive(Clone)]
pub struct Version {
    /// `VersionId`.
    pub id: String,
    /// `VersionStages`; none makes it deprecated.
    pub stages: Vec<String>,
    /// What it holds.
    pub value: Stored,
    pub(super) created: f64,
}

pub(super) struct Secret {
    pub name: String,
    pub arn: String,
    pub versions: Vec<Version>,
}

/// Why a version was not stored.
pub(super) enum NotStored {
    /// The token names a version with another value.
    Exists,
}

pub(super) struct Vault {
    pub prefix: String,
    pub secrets: Vec<Secret>,
}

impl Vault {
    /// By name, by ARN, or by ARN without the six random characters.
    pub fn find(&self, id: &str) -> Option<&Secret> {
        self.secrets.iter().find(|secret| secret.is(id))
    }

    pub fn find_mut(&mut self, id: &str) -> Option<&mut Secret> {
        self.secrets.iter_mut().find(|secret| secret.is(id))
    }

    pub fn put_behind(&mut self, name: &str, value: Stored) {
        if self.find(name).is_none() {
            let suffix = &Uuid::new_v4().simple().to_string()[..6];
            self.secrets.push(Secret {
                name: name.to_owned(),
                arn: format!("{}{name}-{suffix}", self.prefix),
                versions: Vec::new(),
            });
        }
        let id = Uuid::new_v4().to_string();
        if let Some(secret) = self.find_mut(name) {
            // A new id is never taken.
            secret.put(&id, value, &["AWSCURRENT".to_owned()]).ok();
        }
    }

    pub fn current_text(&self, name: &str) -> Option<String> {
        match &self.find(name)?.staged("AWSCURRENT")?.value {
            Stored::Text(text) => Some(text.clone()),
            Stored::Binary(_) => None,
        }
    }

    pub fn versions(&self, name: &str) -> Vec<Version> {
        self.find(name)
            .map(|secret| secret.versions.clone())
            .unwrap_or_default()
    }
}

impl Secret {
    fn is(&self, id: &str) -> bool {
        self.name == id || self.arn == id || self.arn.rsplit_once('-').is_some_and(|(a, _)| a == id)
    }

    pub fn staged(&self, stage: &str) -> Option<&Version> {
        self.versions
            .iter()
            .find(|version| version.stages.iter().any(|s| s == stage))
    }

    pub fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// A known token with the same value changes nothing, not even the stages.
    pub fn put(&mut self, id: &str, value: Stored, stages: &[String]) -> Result<(), NotStored> {
        if let Some(version) = self.version(id) {
            return if version.value == value {
                Ok(())
            } else {
                Err(NotStored::Exists)
            };
        }
        for stage in stages {
            if stage == "AWSCURRENT" {
                self.demote_current();
            }
            for version in &mut self.versions {
                version.stages.retain(|s| s != stage);
            }
        }
        let created = OffsetDateTime::now_utc().unix_timestamp() as f64;
        self.versions.push(Version {
            id: id.to_owned(),
            stages: stages.to_vec(),
            value,
            created,
        });
        Ok(())
    }

    fn demote_current(&mut self) {
        for version in &mut self.versions {
            version.stages.retain(|stage| stage != "AWSPREVIOUS");
            if version.stages.iter().any(|stage| stage == "AWSCURRENT") {
                version.stages.push("AWSPREVIOUS".to_owned());
            }
        }
    }
}
