//! Write a secret sink for keyferry in Rust.
//!
//! A sink knows one kind of place where a runner reads its client secret. It implements [`Sink`],
//! names itself in [`export_sink!`], and is compiled for `wasm32-unknown-unknown`. The contract it
//! speaks, with all that a sink may rely on, is written down in `wit/sink.wit`.
//!
//! A sink is a set of functions of a [`Host`], so its tests run natively, without any component,
//! against the host in [`mock`]. That host is as strict as the real one: what the manifest does not
//! declare is not sent, and secrets come back as tokens.
//!
//! ```
//! use keyferry_sdk::*;
//! use serde_json::json;
//!
//! /// Where this sink writes.
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Settings {
//!     /// Name of the entry.
//!     entry: String,
//! }
//!
//! struct Shelf;
//!
//! fn address(target: &Target<Settings>) -> String {
//!     format!("https://shelf.example.com/v1/{}", target.settings.entry)
//! }
//!
//! fn read(host: &dyn Host, target: &Target<Settings>) -> Result<String, Failure> {
//!     let answer = host.get(&address(target)).send().map_err(Unanswered::while_reading)?;
//!     let entry: serde_json::Value = answer.json()?;
//!     Ok(entry["value"].as_str().unwrap_or_default().to_owned())
//! }
//!
//! impl Sink for Shelf {
//!     type Settings = Settings;
//!
//!     fn describe() -> Manifest {
//!         let url = "https://shelf.example.com/v1/{entry}";
//!         Manifest::new("shelf", "1.0.0", "An entry of the example shelf")
//!             .need(HttpNeed::get(url).auth("shelf").seals("/value").reason("to compare the entry"))
//!             .need(
//!                 HttpNeed::put(url)
//!                     .body("/value", "{token}")
//!                     .auth("shelf")
//!                     .carries_secret()
//!                     .reason("to store the secret"),
//!             )
//!     }
//!
//!     fn check(host: &dyn Host, target: &Target<Settings>, current: &Credential) -> Result<Plan, Failure> {
//!         let stored = match current.client_secret.matches(&read(host, target)?) {
//!             true => Currency::Current,
//!             false => Currency::Stale,
//!         };
//!         Ok(Plan::new(address(target), stored).step("replace the entry"))
//!     }
//!
//!     fn write(host: &dyn Host, target: &Target<Settings>, fresh: &Credential) -> Result<Receipt, Failure> {
//!         let value = fresh.client_secret.token(&[Encoding::Json]);
//!         host.put(&address(target)).json(&json!({ "value": value })).send()?;
//!         Ok(Receipt::new(address(target), &target.attempt))
//!     }
//!
//!     fn verify(host: &dyn Host, target: &Target<Settings>, fresh: &Credential) -> Result<Receipt, Failure> {
//!         match fresh.client_secret.matches(&read(host, target)?) {
//!             true => Ok(Receipt::new(address(target), &target.attempt).compared()),
//!             false => Err(Failure::conflict("the entry holds another value")),
//!         }
//!     }
//!
//!     fn restart(_: &dyn Host, _: &Target<Settings>, _: &Receipt) -> Result<Workload, Failure> {
//!         Ok(Workload::new("shelf", "none"))
//!     }
//!
//!     fn observe(_: &dyn Host, _: &Target<Settings>, _: &Workload) -> Result<Rollout, Failure> {
//!         Ok(Rollout::unseen("the shelf restarts nothing"))
//!     }
//! }
//!
//! export_sink!(Shelf);
//!
//! // In a `#[test]`:
//! let mock = mock::Mock::of::<Shelf>(json!({ "entry": "etl" }));
//! let fresh = mock.credential("id-1", "s3cr\"et");
//! mock.on("PUT", "https://shelf.example.com/v1/etl").json(200, json!({}));
//! mock.on("GET", "https://shelf.example.com/v1/etl").json(200, json!({ "value": "s3cr\"et" }));
//!
//! Shelf::write(&mock, &mock.target::<Shelf>(), &fresh).unwrap();
//! assert_eq!(mock.requests()[0].json(), json!({ "value": "s3cr\"et" }));
//! assert!(Shelf::verify(&mock, &mock.target::<Shelf>(), &fresh).unwrap().compared);
//! ```

mod failure;
mod host;
mod http;
mod manifest;
mod need;
mod outcome;
mod secret;
mod sink;

#[cfg(not(target_arch = "wasm32"))]
pub mod mock;

pub use failure::{Failure, FailureKind};
pub use host::{Document, Host, Level, Output};
pub use http::{Obstacle, Request, RequestBuilder, Response, Unanswered};
pub use manifest::Manifest;
pub use need::{Access, CommandNeed, FileNeed, HttpNeed, Need};
pub use outcome::{Currency, Plan, Receipt, Rollout, RolloutState, Workload};
pub use secret::{Credential, Encoding, RawSecret, Secret};
pub use sink::{Sink, Target};

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;

/// Makes the crate a component that serves the sink. Does nothing off WebAssembly, so that the
/// same crate is tested natively.
///
/// Used once in a crate of type `cdylib`, with the type that implements [`Sink`].
#[macro_export]
macro_rules! export_sink {
    ($sink:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Component = $crate::guest::Adapter<$sink>;
    $crate::guest::export_adapter!(Component with_types_in $crate::guest::bindings);
        };
    };
}
