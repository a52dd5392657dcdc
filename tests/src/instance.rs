//! The moment a runner's container starts, which is when it reads its credential: the one thing a
//! cloud's stand-in tells the issuer's.

use std::sync::Arc;

/// What a container found in its environment when it started.
#[derive(Clone)]
pub struct Instance {
    /// `AGENT_ID`.
    pub runner_id: String,
    /// `OAUTH_CLIENT_ID`.
    pub client_id: String,
    /// `OAUTH_CLIENT_SECRET`, as stored at that moment.
    pub client_secret: String,
}

/// Called by a cloud's stand-in for each container that starts.
pub type OnStart = Arc<dyn Fn(Instance) + Send + Sync>;

/// For a stand-in whose containers nobody watches.
pub fn ignore() -> OnStart {
    Arc::new(|_| {})
}
