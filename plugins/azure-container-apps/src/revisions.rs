//! The revisions of an app. Each active one has replicas of its own that read the secret when they
//! start.

use keyferry_sdk::{Failure, Host};
use serde::Deserialize;

use crate::app::Template;
use crate::arm::{self, Place, nullable};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Revision {
    pub(crate) name: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) properties: Properties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Properties {
    pub(crate) active: bool,
    #[serde(deserialize_with = "nullable")]
    traffic_weight: u32,
    #[serde(deserialize_with = "nullable")]
    pub(crate) template: Template,
    #[serde(deserialize_with = "nullable")]
    provisioning_state: String,
    #[serde(deserialize_with = "nullable")]
    provisioning_error: String,
}

impl Revision {
    /// How many replicas there are to be at least.
    pub(crate) fn fewest(&self) -> u32 {
        self.properties.template.fewest()
    }

    /// The revision and the share of requests that go to it.
    pub(crate) fn with_traffic(&self) -> String {
        format!(
            "{} ({} % of the traffic)",
            self.name, self.properties.traffic_weight
        )
    }

    /// Why Azure could not bring it up.
    pub(crate) fn failure(&self) -> Option<String> {
        let Properties {
            provisioning_state,
            provisioning_error,
            ..
        } = &self.properties;
        provisioning_state.eq_ignore_ascii_case("Failed").then(|| {
            match provisioning_error.as_str() {
                "" => format!("{} could not be provisioned", self.name),
                error => format!("{} could not be provisioned: {error}", self.name),
            }
        })
    }
}

/// All revisions.
pub(crate) fn list(host: &dyn Host, place: &Place) -> Result<Vec<Revision>, Failure> {
    let what = format!("listing the revisions of {}", place.app);
    arm::pages(host, place.revisions_url(), &what)?
        .into_iter()
        .map(|revision| {
            serde_json::from_value(revision)
                .map_err(|error| Failure::rejected(format!("{what}: {error}")))
        })
        .collect()
}

/// The active ones, of which there must be one.
pub(crate) fn active(host: &dyn Host, place: &Place) -> Result<Vec<Revision>, Failure> {
    let mut revisions = list(host, place)?;
    revisions.retain(|revision| revision.properties.active);
    match revisions.is_empty() {
        false => Ok(revisions),
        true => Err(Failure::rejected(format!(
            "no revision of {} is active, so there is nothing to restart; activate one first",
            place.app
        ))),
    }
}
