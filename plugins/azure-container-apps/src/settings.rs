//! What the operator configures for a runner of this kind.

use schemars::JsonSchema;
use serde::Deserialize;

/// Which container app the runner is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Id of the subscription, a UUID.
    #[schemars(regex(pattern = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"))]
    pub subscription: String,
    /// Name of the resource group.
    #[schemars(regex(pattern = r"^[-\w.()]{0,89}[-\w()]$"))]
    pub resource_group: String,
    /// Name of the container app that is the runner (not its script runner).
    #[schemars(regex(pattern = r"^[a-z][-a-z0-9]{0,30}[a-z0-9]$"))]
    pub app: String,
    /// Name of the app's secret that holds the client secret; else the one that
    /// `OAUTH_CLIENT_SECRET` refers to.
    #[schemars(regex(pattern = r"^[a-z0-9][-.a-z0-9]*$"))]
    pub secret: Option<String>,
    /// How the runner is made to read it again.
    #[serde(default)]
    pub restart: Restart,
}

/// How the runner is restarted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Every active revision is restarted.
    #[default]
    Revision,
    /// A new revision of the same template takes over.
    NewRevision,
}
