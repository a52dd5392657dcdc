//! What the operator configures for a runner of this kind. The patterns keep out what `helm` and
//! `kubectl` would read as more than one thing.

use schemars::JsonSchema;
use serde::Deserialize;

/// Which release, and the file that it is upgraded with.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The chart's folder, at the version that is installed; a full path.
    #[schemars(regex(pattern = r"^/."))]
    pub chart: String,
    /// The values file, a full path in a folder that the operator opened for this plugin.
    #[schemars(regex(pattern = r"^/[^,]+$"))]
    pub values: String,
    /// The release.
    #[serde(default = "matillion_agent")]
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9.-]{0,51}[a-z0-9])?$"))]
    pub release: String,
    /// The release's namespace.
    #[serde(default = "matillion_agent")]
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub namespace: String,
    /// The value that holds the client secret; `\.` for a dot inside a name.
    #[serde(default = "client_secret")]
    #[schemars(length(min = 1))]
    pub key: String,
    /// The value that holds the client id.
    #[serde(default = "client_id")]
    #[schemars(length(min = 1))]
    pub id_key: String,
    /// The kubeconfig's context; its current one if left out.
    #[schemars(regex(pattern = r"^[^-]"))]
    pub kube_context: Option<String>,
    /// The Deployment that runs the runner; found by the release's labels if left out.
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"))]
    pub deployment: Option<String>,
    /// Whether the upgrade starts from the values that the release has (`--reuse-values`), where
    /// they were given by `--set` and the file holds only some of them.
    #[serde(default)]
    pub reuse_values: bool,
    /// Whether the restart is over only when no old pod is left. They may drain for 12 hours.
    #[serde(default)]
    pub wait_for_old: bool,
}

fn matillion_agent() -> String {
    "matillion-agent".to_owned()
}

fn client_secret() -> String {
    "config.oauthClientSecret".to_owned()
}

fn client_id() -> String {
    "config.oauthClientId".to_owned()
}
