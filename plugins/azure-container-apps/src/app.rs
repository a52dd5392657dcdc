//! The container app as Azure describes it: whether it can be changed and restarted now, and
//! whether someone else changed it since it was looked at.

use keyferry_sdk::{Failure, Host};
use serde::Deserialize;

use crate::arm::{self, Place, nullable};
use crate::containers::Container;
use crate::settings::{Restart, Settings};

/// How long an operation on an app tends to take.
const PATIENCE_MS: u32 = 10_000;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct App {
    pub(crate) location: String,
    #[serde(deserialize_with = "nullable")]
    system_data: SystemData,
    #[serde(deserialize_with = "nullable")]
    pub(crate) properties: Properties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SystemData {
    #[serde(deserialize_with = "nullable")]
    last_modified_at: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Properties {
    #[serde(deserialize_with = "nullable")]
    provisioning_state: String,
    #[serde(deserialize_with = "nullable")]
    running_status: String,
    #[serde(deserialize_with = "nullable")]
    configuration: Configuration,
    #[serde(deserialize_with = "nullable")]
    pub(crate) template: Template,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Configuration {
    #[serde(deserialize_with = "nullable")]
    active_revisions_mode: String,
    #[serde(deserialize_with = "nullable")]
    secrets: Vec<Named>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Named {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Template {
    #[serde(deserialize_with = "nullable")]
    pub(crate) containers: Vec<Container>,
    #[serde(deserialize_with = "nullable")]
    scale: Scale,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Scale {
    #[serde(deserialize_with = "nullable")]
    min_replicas: u32,
}

impl Template {
    /// How many replicas there are at least.
    pub(crate) fn fewest(&self) -> u32 {
        self.scale.min_replicas
    }
}

/// Reads the app.
pub(crate) fn read(host: &dyn Host, place: &Place) -> Result<App, Failure> {
    let what = format!("reading the container app {}", place.app);
    arm::read(host.get(&place.url()), &what)?.json()
}

impl App {
    /// What Azure says of the last change, as a version of what is stored.
    pub(crate) fn version(&self) -> &str {
        &self.system_data.last_modified_at
    }

    pub(crate) fn is_single(&self) -> bool {
        !is(
            &self.properties.configuration.active_revisions_mode,
            "Multiple",
        )
    }

    /// Fails while an operation is under way: Azure would refuse another one, and what is stored
    /// is not yet what the replicas would read.
    pub(crate) fn settled(&self, place: &Place) -> Result<(), Failure> {
        let (state, app) = (&self.properties.provisioning_state, &place.app);
        if is(state, "Deleting") {
            return Err(Failure::rejected(format!("{app} is being deleted")));
        }
        let at_rest = ["", "Succeeded", "Failed", "Canceled"];
        if at_rest.iter().any(|rest| is(state, rest)) {
            return Ok(());
        }
        Err(Failure::unavailable(format!(
            "an operation on {app} is under way ({state}), and it takes one change at a time"
        ))
        .retry_after(PATIENCE_MS))
    }

    /// How the last operation ended, if not well.
    pub(crate) fn mishap(&self) -> Option<&str> {
        let state = self.properties.provisioning_state.as_str();
        (is(state, "Failed") || is(state, "Canceled")).then_some(state)
    }

    /// Fails if someone changed the app since it was `before`: Azure gives no etag to hold a write
    /// to, so this is what stands between two readers of one list and a lost neighbour.
    pub(crate) fn unchanged_since(&self, before: &App, place: &Place) -> Result<(), Failure> {
        self.settled(place)?;
        let names = |app: &App| app.properties.configuration.secrets.clone();
        if self.version() == before.version() && names(self) == names(before) {
            return Ok(());
        }
        Err(Failure::conflict(format!(
            "{} was changed by someone else while its secrets were read; nothing was written",
            place.app
        )))
    }
}

/// What speaks against the refresh is a failure; what the operator should know is a warning.
pub(crate) fn confirm(
    app: &App,
    settings: &Settings,
    place: &Place,
) -> Result<Vec<String>, Failure> {
    let name = &place.app;
    let containers = app.properties.template.containers.iter();
    let mut names = containers
        .map(|container| container.name.as_str())
        .chain([name.as_str()]);
    if names.any(|name| name.contains("script-runner")) {
        return Err(Failure::rejected(format!(
            "{name} is the script runner, which does not read the secret; name the runner's own app"
        )));
    }
    app.settled(place)?;
    if is(&app.properties.running_status, "Stopped") {
        return Err(Failure::rejected(format!(
            "{name} is stopped, so nothing would show that the new secret works; start it first"
        )));
    }
    if !app.is_single() && settings.restart == Restart::NewRevision {
        return Err(Failure::rejected(format!(
            "{name} runs several revisions at a time, and a new one would leave the others running with the old secret; set restart to \"revision\", which restarts each of them"
        )));
    }
    let mut warnings = Vec::new();
    if let Some(state) = app.mishap() {
        warnings.push(format!(
            "the last operation on {name} ended with {state}; see why before its secret is changed"
        ));
    }
    if app.properties.template.fewest() == 0 {
        warnings.push(format!(
            "{name} may scale to no replica at all: then there is nothing to restart, and the runner will not connect"
        ));
    }
    Ok(warnings)
}

fn is(state: &str, name: &str) -> bool {
    state.eq_ignore_ascii_case(name)
}
