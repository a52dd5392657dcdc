//! The trait that an author implements, and what every call is about.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{Credential, Failure, Host, Manifest, Plan, Receipt, Rollout, Workload};

/// Which runner, and where its secret lives.
#[derive(Clone, Debug)]
pub struct Target<S> {
    /// The issuer's id of the runner, a UUID.
    pub runner_id: String,
    /// Where the secret lives.
    pub settings: S,
    /// A UUID, the same for every try of one refresh: the idempotency key.
    pub attempt: String,
}

/// One kind of place that a runner reads its secret from.
///
/// Nothing in memory survives from one call to the next, and every call may come again with the
/// same attempt, after a crash or a lost answer; it must then come to the same end.
pub trait Sink {
    /// What an operator configures. Give it `#[serde(deny_unknown_fields)]` so that a misspelled
    /// setting is refused; doc comments become the schema's descriptions.
    type Settings: DeserializeOwned + JsonSchema;

    /// What the sink is, and all that it may ever ask of the host. Pure.
    fn describe() -> Manifest;

    /// Changes nothing; proves that the place is there and right, and says what will be done.
    fn check(
        host: &dyn Host,
        target: &Target<Self::Settings>,
        current: &Credential,
    ) -> Result<Plan, Failure>;

    /// Puts the fresh credential in place and leaves every neighbour as it was.
    fn write(
        host: &dyn Host,
        target: &Target<Self::Settings>,
        fresh: &Credential,
    ) -> Result<Receipt, Failure>;

    /// Reads back what `write` wrote; a conflict if something else is stored.
    fn verify(
        host: &dyn Host,
        target: &Target<Self::Settings>,
        fresh: &Credential,
    ) -> Result<Receipt, Failure>;

    /// Makes the runner start again with what is stored. Returns at once.
    fn restart(
        host: &dyn Host,
        target: &Target<Self::Settings>,
        stored: &Receipt,
    ) -> Result<Workload, Failure>;

    /// How far the restart has come; the host polls.
    fn observe(
        host: &dyn Host,
        target: &Target<Self::Settings>,
        restarted: &Workload,
    ) -> Result<Rollout, Failure>;
}
