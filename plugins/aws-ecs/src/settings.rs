//! What the operator configures for a runner of this kind.

use schemars::JsonSchema;
use serde::Deserialize;

/// Where the runner's secret and its service are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The AWS region of the secret and the service, for example `eu-west-1`.
    #[schemars(regex(pattern = r"^[a-z]{2}(-[a-z]+)+-[0-9]+$"))]
    pub region: String,
    /// Name or ARN of the ECS cluster.
    #[schemars(length(min = 1))]
    pub cluster: String,
    /// Name or ARN of the ECS service that runs the runner (not its script runner).
    #[schemars(length(min = 1))]
    pub service: String,
    /// Name or ARN of the secret in Secrets Manager.
    #[schemars(length(min = 1))]
    pub secret_id: String,
    /// The key of the secret's JSON that holds the client secret.
    #[serde(default = "client_secret")]
    #[schemars(length(min = 1))]
    pub client_secret_key: String,
    /// The key of the secret's JSON that holds the client id.
    #[serde(default = "client_id")]
    #[schemars(length(min = 1))]
    pub client_id_key: String,
}

fn client_secret() -> String {
    "client_secret".to_owned()
}

fn client_id() -> String {
    "client_id".to_owned()
}
