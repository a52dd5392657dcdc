//! The replicas of a revision, told apart by when they were created. The times that are compared
//! were all given by Azure's one controller, so no two clocks are held against each other.

use keyferry_sdk::{Failure, Host};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::arm::{self, Place, Refusal, nullable};

/// A container that was started this often and does not run keeps failing.
const LOOPING: u32 = 3;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Replica {
    pub(crate) name: String,
    #[serde(deserialize_with = "nullable")]
    properties: Properties,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Properties {
    #[serde(deserialize_with = "nullable")]
    created_time: String,
    #[serde(deserialize_with = "nullable")]
    running_state: String,
    #[serde(deserialize_with = "nullable")]
    running_state_details: String,
    #[serde(deserialize_with = "nullable")]
    containers: Vec<Container>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    name: String,
    ready: Option<bool>,
    #[serde(deserialize_with = "nullable")]
    restart_count: u32,
    #[serde(deserialize_with = "nullable")]
    running_state: String,
    #[serde(deserialize_with = "nullable")]
    running_state_details: String,
}

impl Container {
    fn runs(&self) -> bool {
        let state = &self.running_state;
        self.ready != Some(false) && (state.is_empty() || state.eq_ignore_ascii_case("Running"))
    }
}

impl Replica {
    /// When it was created, on Azure's clock.
    pub(crate) fn created(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(&self.properties.created_time, &Rfc3339).ok()
    }

    /// As Azure wrote it.
    pub(crate) fn created_text(&self) -> &str {
        &self.properties.created_time
    }

    pub(crate) fn runs(&self) -> bool {
        self.properties
            .running_state
            .eq_ignore_ascii_case("Running")
            && self.properties.containers.iter().all(Container::runs)
    }

    /// Why it will not come up, if it keeps failing.
    pub(crate) fn loops(&self) -> Option<String> {
        let container = self
            .properties
            .containers
            .iter()
            .find(|container| container.restart_count >= LOOPING && !container.runs())?;
        let details = [
            container.running_state_details.as_str(),
            self.properties.running_state_details.as_str(),
        ];
        let why = details.into_iter().find(|details| !details.is_empty());
        Some(format!(
            "container {} of {} was started {} times and does not run{}",
            container.name,
            self.name,
            container.restart_count + 1,
            why.map(|why| format!(": {why}")).unwrap_or_default()
        ))
    }
}

/// The replicas of a revision; none if it is gone.
pub(crate) fn list(
    host: &dyn Host,
    place: &Place,
    revision: &str,
) -> Result<Vec<Replica>, Refusal> {
    let what = format!("listing the replicas of {revision}");
    let items = match arm::pages(host, place.replicas_url(revision), &what) {
        Err(refusal) if refusal.is_absent() => return Ok(Vec::new()),
        items => items?,
    };
    let parsed: Result<_, serde_json::Error> =
        items.into_iter().map(serde_json::from_value).collect();
    parsed.map_err(|error| Failure::rejected(format!("{what}: {error}")).into())
}
