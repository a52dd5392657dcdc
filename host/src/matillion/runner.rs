//! What the issuer tells about runners, in our words. Unknown statuses are kept as they came: the
//! API calls them free text.

use std::fmt::{self, Display};

/// A runner. The API calls it an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runner {
    /// The issuer's id, a UUID.
    pub id: String,
    /// Its name, not always unique.
    pub name: String,
    /// Its reported status.
    pub status: Status,
    /// Whether it is connected; lists may leave it out.
    pub connected: Option<bool>,
    /// The API's `agentType`: `data_productivity_cloud` or `streaming`.
    pub kind: String,
    /// Where it runs.
    pub cloud: Cloud,
    /// How it was deployed, such as `fargate` or `container app`.
    pub deployment: String,
    /// When a pause ends by itself, while it is paused.
    pub paused_until: Option<String>,
    /// The version it runs.
    pub version: Option<String>,
    /// The track its updates come from, such as `current` or `stable`.
    pub track: Option<String>,
    /// Whether an update waits for the next restart.
    pub update_available: Option<bool>,
}

/// A runner's status as the issuer reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Created, never connected.
    Pending,
    /// Connected and working.
    Running,
    /// The issuer has lost sight of it.
    Unknown,
    /// On its way down.
    Stopping,
    /// Down.
    Stopped,
    /// On its way to a pause.
    Pausing,
    /// Takes no new work.
    Paused,
    /// A word this version does not know.
    Other(String),
}

impl Status {
    pub(super) fn parse(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().as_str() {
            "pending" => Status::Pending,
            "running" => Status::Running,
            "unknown" | "" => Status::Unknown,
            "stopping" => Status::Stopping,
            "stopped" => Status::Stopped,
            "pausing" => Status::Pausing,
            "paused" => Status::Paused,
            _ => Status::Other(text.trim().to_owned()),
        }
    }
}

impl Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Pending => "pending",
            Status::Running => "running",
            Status::Unknown => "unknown",
            Status::Stopping => "stopping",
            Status::Stopped => "stopped",
            Status::Pausing => "pausing",
            Status::Paused => "paused",
            Status::Other(text) => text,
        })
    }
}

/// The cloud a runner lives in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// Amazon Web Services.
    Aws,
    /// Microsoft Azure.
    Azure,
    /// Google Cloud, which the API spells in two ways.
    Gcp,
    /// Snowflake's container services.
    Snowflake,
    /// A word this version does not know.
    Other(String),
}

impl Cloud {
    pub(super) fn parse(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().as_str() {
            "aws" => Cloud::Aws,
            "azure" => Cloud::Azure,
            "gcp" | "google_cloud" => Cloud::Gcp,
            "snowflake" => Cloud::Snowflake,
            _ => Cloud::Other(text.trim().to_owned()),
        }
    }
}

impl Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cloud::Aws => "aws",
            Cloud::Azure => "azure",
            Cloud::Gcp => "gcp",
            Cloud::Snowflake => "snowflake",
            Cloud::Other(text) => text,
        })
    }
}

/// What a runner can be told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Take no new work. Goes through the runner's own connection.
    Pause,
    /// Take work again.
    Resume,
    /// Restart. Reaches connected runners only, so never a runner whose secret was just revoked.
    Restart,
}

impl Command {
    pub(super) fn word(self) -> &'static str {
        match self {
            Command::Pause => "PAUSE",
            Command::Resume => "RESUME",
            Command::Restart => "RESTART",
        }
    }
}
