//! How the issuer behaves apart from single faults: its pace, its rights, its spelling.

use std::sync::Arc;
use std::time::Duration;

use super::secret::awkward;

/// The knobs of an issuer.
pub struct Behaviour {
    /// From a refresh to the loss of the runner's connection.
    pub disconnect_delay: Duration,
    /// From a container's start with the live pair to `connected`.
    pub connect_delay: Duration,
    /// No runner ever comes back.
    pub never_connects: bool,
    /// From PAUSE to `paused`.
    pub pause_delay: Duration,
    /// From the API's RESTART until the runner is back, where it was connected.
    pub restart_delay: Duration,
    /// `expires_in` of a token.
    pub token_lifetime: Duration,
    /// Whether a runner's own pair is granted a token.
    pub tokens_for_runners: bool,
    /// What the operator's API credential may do.
    pub role: Role,
    /// How statuses are spelled.
    pub spelling: Spelling,
    /// Adds members that no document names.
    pub extra_fields: bool,
    /// Wraps each execution as `{"result": {…}}`.
    pub nested_executions: bool,
    /// What comes before `/v1`: empty, or `/dpc`.
    pub prefix: String,
    /// Makes the next secret.
    pub new_secret: Arc<dyn Fn() -> String + Send + Sync>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            disconnect_delay: Duration::from_millis(10),
            connect_delay: Duration::from_millis(10),
            never_connects: false,
            pause_delay: Duration::from_millis(20),
            restart_delay: Duration::from_millis(20),
            token_lifetime: Duration::from_secs(1800),
            tokens_for_runners: true,
            role: Role::SuperAdmin,
            spelling: Spelling::Lower,
            extra_fields: false,
            nested_executions: false,
            prefix: "/dpc".to_owned(),
            new_secret: Arc::new(awkward),
        }
    }
}

/// Account roles of an API credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// May manage runners and sees every project.
    SuperAdmin,
    /// May manage runners and sees no project that it was not added to: here, none.
    Admin,
    /// May not manage runners.
    Member,
}

/// How a status is spelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spelling {
    /// `running`
    Lower,
    /// `RUNNING`
    Upper,
    /// `Running`
    Title,
}

impl Spelling {
    pub(super) fn spell(self, status: &str) -> String {
        match self {
            Self::Lower => status.to_lowercase(),
            Self::Upper => status.to_uppercase(),
            Self::Title => {
                let mut letters = status.chars();
                let first = letters.next().map(|l| l.to_uppercase().to_string());
                first.unwrap_or_default() + letters.as_str()
            }
        }
    }
}
