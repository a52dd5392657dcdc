//! `keyferry verify`: is what is stored what the issuer has?

use clap::Args;
use serde_json::json;

use super::exit::{CliResult, Exit, fail};
use super::{Global, Output, Session, output};
use crate::rotation::{Issuer as _, SinkSteps as _};
use crate::sandbox::KnownCredential;
use crate::sandbox::types::Currency;

/// Arguments of `verify`.
#[derive(Args)]
pub struct Verify {
    /// A runner's name in the config
    runner: String,
}

impl Verify {
    pub async fn run(&self, global: &Global) -> CliResult {
        let session = Session::open(global)?;
        let runner = session.config.runner(&self.runner)?;
        let client = session.client()?;
        let runner_id = session.runner_id(&client, runner).await?;
        let sandbox = session.sandbox()?;
        let plugin = session.plugin(&sandbox, runner).await?;
        let sink = session.sink(&sandbox, &plugin, runner, &runner_id)?;
        let issuer = session.issuer(&client, &runner_id);
        let live = issuer.credential().await?;
        let fingerprint = session.journal()?.keys().fingerprint(&live);
        let attempt = uuid::Uuid::new_v4().to_string();
        let plan = sink.check(&attempt, &KnownCredential::new(&live)).await;
        let plan = plan.map_err(|failure| fail(Exit::Refused, failure.message))?;
        let (exit, said) = match plan.stored {
            Currency::Current => (Exit::Done, "holds what the issuer has"),
            Currency::Stale => (
                Exit::NotProven,
                "holds ANOTHER secret than the issuer has; `keyferry reconcile` puts that right",
            ),
            Currency::Absent => (
                Exit::NotProven,
                "holds no secret; `keyferry reconcile` puts one there",
            ),
            Currency::Unreadable => (
                Exit::NotProven,
                "can't be read with this identity, or never shows what it holds",
            ),
        };
        match global.output {
            Output::Json => output::json(&json!({
                "runner": runner.name, "runner_id": runner_id, "location": plan.location,
                "stored": plan.stored, "fingerprint": fingerprint, "exit": exit as u8,
                "warnings": plan.warnings,
            })),
            Output::Human => {
                for warning in &plan.warnings {
                    eprintln!("! {warning}");
                }
                output::text(&format!(
                    "{}: {} {said} (fingerprint {fingerprint})",
                    runner.name, plan.location
                ));
            }
        }
        Ok(exit)
    }
}
