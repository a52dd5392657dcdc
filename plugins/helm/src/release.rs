//! The release, as helm shows it: its chart, its state, its values, and what an upgrade would make
//! of it.

use keyferry_sdk::{Credential, Failure, Host};
use serde::Deserialize;
use serde_json::Value;

use crate::key::Key;
use crate::needs::{CHART, DRY_RUN, HISTORY, LIST, RELEASED, STATUS, UPGRADE};
use crate::program::{self, unread};
use crate::settings::Settings;
use crate::yaml;

/// A release's latest revision.
#[derive(Debug, Deserialize)]
pub(crate) struct Revision {
    pub(crate) revision: u64,
    pub(crate) status: String,
    chart: String,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
}

/// What helm has stored, or would store.
#[derive(Deserialize)]
pub(crate) struct Release {
    /// The values that were given; null if none were.
    #[serde(default)]
    pub(crate) config: Value,
    #[serde(default)]
    manifest: String,
}

impl Revision {
    pub(crate) fn name(&self) -> String {
        format!("revision {}", self.revision)
    }

    pub(crate) fn is_deployed(&self) -> bool {
        self.status == "deployed"
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.status.starts_with("pending-")
    }

    /// What helm needs before it upgrades again.
    pub(crate) fn pending(&self, settings: &Settings) -> String {
        let Settings {
            release, namespace, ..
        } = settings;
        let before = match self.revision {
            0 | 1 => "`helm uninstall` and a new installation".to_owned(),
            revision => format!(
                "`helm rollback {release} {} --namespace {namespace}`",
                revision - 1
            ),
        };
        format!(
            "the release {release} in {namespace} is in the state {} at revision {}: another helm is at work on it, or was ended before it was done; if none is, it takes {before} before helm upgrades it again",
            self.status, self.revision
        )
    }

    /// What speaks against an upgrade.
    pub(crate) fn confirm(&self, settings: &Settings) -> Result<(), Failure> {
        let Settings {
            release, namespace, ..
        } = settings;
        match self.status.as_str() {
            "deployed" => Ok(()),
            _ if self.is_pending() => Err(Failure::rejected(self.pending(settings))),
            "failed" => Err(Failure::rejected(format!(
                "the last upgrade of the release {release} in {namespace} failed ({}); put that right first, by `helm upgrade` or `helm rollback`",
                self.description
            ))),
            "uninstalled" | "uninstalling" => Err(Failure::missing(format!(
                "the release {release} in {namespace} is {}; see `release` and `namespace`",
                self.status
            ))),
            other => Err(Failure::rejected(format!(
                "the release {release} in {namespace} is in the state {other}, from which this sink does not upgrade"
            ))),
        }
    }

    /// Whether the folder holds the chart that is installed.
    pub(crate) fn confirm_chart(
        &self,
        host: &dyn Host,
        settings: &Settings,
    ) -> Result<(), Failure> {
        let Settings { release, chart, .. } = settings;
        let text = program::run(host, CHART, &format!("`helm show chart` of {chart}"))?.map_err(
            |ended| ended.failure(Failure::missing, "see that `chart` is the chart's folder"),
        )?;
        let found = |name: &str| {
            let scalar =
                yaml::Document::parse(&text).and_then(|yaml| yaml.scalar(&Key::parse(name)));
            scalar.map(|scalar| scalar.value).unwrap_or_default()
        };
        let (name, version) = (found("name"), found("version"));
        if self.chart == format!("{name}-{version}") {
            return Ok(());
        }
        let installed = &self.chart;
        Err(Failure::rejected(
            match self.chart.strip_prefix(&format!("{name}-")) {
                Some(_) => format!(
                    "the release {release} has the chart {installed}, but {chart} holds version {version} of it; get the installed version, or upgrade to this one apart from a refresh"
                ),
                None => format!(
                    "the release {release} has the chart {installed}, but {chart} holds {name} {version}, which would create objects under other names; get the installed chart"
                ),
            },
        ))
    }
}

/// The latest revision of the release; missing if there is no such release.
pub(crate) fn latest(host: &dyn Host, settings: &Settings) -> Result<Revision, Failure> {
    let Settings {
        release, namespace, ..
    } = settings;
    let what = format!("`helm history` of the release {release} in {namespace}");
    match program::document::<Vec<Revision>>(host, HISTORY, &what)? {
        Ok(mut revisions) => revisions
            .pop()
            .ok_or_else(|| Failure::rejected(format!("{what} shows no revision"))),
        Err(ended) => {
            let listed = program::document::<Vec<Listed>>(host, LIST, "`helm list`")?;
            match listed {
                Ok(listed) if !listed.iter().any(|listed| listed.name == *release) => {
                    Err(Failure::missing(format!(
                        "there is no release {release} in the namespace {namespace}, and an upgrade does not install one; see `release`, `namespace` and `kube_context`"
                    )))
                }
                _ => Err(unread(host, settings, &ended)),
            }
        }
    }
}

/// The release as it is.
pub(crate) fn current(host: &dyn Host, settings: &Settings) -> Result<Release, Failure> {
    let what = format!("`helm status` of the release {}", settings.release);
    program::document(host, STATUS, &what)?.map_err(|ended| unread(host, settings, &ended))
}

/// The release as an upgrade would leave it.
pub(crate) fn upgraded(host: &dyn Host, settings: &Settings) -> Result<Release, Failure> {
    let what = format!(
        "a dry run of `helm upgrade` of the release {}",
        settings.release
    );
    program::document(host, DRY_RUN, &what)?.map_err(|ended| {
        ended.failure(
            Failure::rejected,
            "see that the chart renders with this values file, and that helm is of version 3.13 or later",
        )
    })
}

/// Whether both have the same objects; told apart by tokens, since objects hold secrets.
pub(crate) fn same_objects(one: &Release, other: &Release) -> bool {
    one.manifest == other.manifest
}

/// What the release's values hold.
pub(crate) fn values(host: &dyn Host, settings: &Settings) -> Result<Value, Failure> {
    let what = format!("`helm get values` of the release {}", settings.release);
    program::document(host, RELEASED, &what)?.map_err(|ended| unread(host, settings, &ended))
}

/// Whether these values hold the credential. An id that is not among them is not compared.
pub(crate) fn hold(values: &Value, credential: &Credential, settings: &Settings) -> bool {
    let at = |key: &str| values.pointer(&Key::parse(key).pointer());
    let secret = at(&settings.key).and_then(Value::as_str);
    let id = at(&settings.id_key).filter(|id| !id.is_null());
    secret.is_some_and(|secret| credential.client_secret.matches(secret))
        && id.is_none_or(|id| id.as_str() == Some(&credential.client_id))
}

/// Upgrades the release with the file as it is now.
pub(crate) fn upgrade(host: &dyn Host, settings: &Settings) -> Result<Revision, Failure> {
    let Settings {
        release, namespace, ..
    } = settings;
    let what = format!("`helm upgrade` of the release {release} in {namespace}");
    let ended = match program::run(host, UPGRADE, &what)? {
        Ok(_) => return latest(host, settings).map_err(uncertain),
        Err(ended) => ended,
    };
    // helm keeps a record of what it began.
    let revision = latest(host, settings).map_err(|failure| match failure.kind {
        keyferry_sdk::FailureKind::Missing => failure,
        _ => ended.failure(
            Failure::uncertain,
            "whether it took effect can't be seen: helm's record can't be read",
        ),
    })?;
    if revision.is_pending() {
        return Err(Failure::unavailable(revision.pending(settings)));
    }
    Err(unread_upgrade(host, settings, &ended))
}

fn unread_upgrade(host: &dyn Host, settings: &Settings, ended: &program::Ended) -> Failure {
    let failure = unread(host, settings, ended);
    match failure.kind {
        keyferry_sdk::FailureKind::Denied => failure,
        _ => ended.failure(
            Failure::unavailable,
            &format!(
                "the file {} holds the secret already, and the upgrade can be repeated",
                settings.values
            ),
        ),
    }
}

fn uncertain(failure: Failure) -> Failure {
    Failure::uncertain(format!("the upgrade was made, but: {}", failure.message))
}
