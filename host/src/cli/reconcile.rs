//! `keyferry reconcile`: stores what the issuer has now.

use clap::Args;
use serde_json::json;

use super::attempt::{self, Stage};
use super::exit::{CliResult, Exit, fail};
use super::{Global, Output, Session, output};
use crate::rotation::{Issuer as _, Kind, RunnerLock, SinkSteps as _};
use crate::sandbox::KnownCredential;
use crate::sandbox::types::Currency;

/// Arguments of `reconcile`.
#[derive(Args)]
pub struct Reconcile {
    /// A runner's name in the config
    runner: String,
    /// Write and restart even if the right secret is stored already
    #[arg(long)]
    force: bool,
}

impl Reconcile {
    pub async fn run(&self, global: &Global) -> CliResult {
        let session = Session::open(global)?;
        let runner = session.config.runner(&self.runner)?;
        let client = session.client()?;
        let runner_id = session.runner_id(&client, runner).await?;
        let _lock = RunnerLock::take(&session.state_dir, &runner_id)?;
        let mut journal = session.journal()?;
        if let Some(open) = journal.open_attempt(&runner_id)? {
            return Err(fail(
                Exit::Refused,
                format!(
                    "an earlier attempt stands at `{}`; go on with it by `keyferry resume {}`",
                    open.phase().name(),
                    runner.name
                ),
            ));
        }
        let sandbox = session.sandbox()?;
        let plugin = session.plugin(&sandbox, runner).await?;
        let sink = session.sink(&sandbox, &plugin, runner, &runner_id)?;
        let issuer = session.issuer(&client, &runner_id);
        let record = attempt::record(runner, &runner_id, &plugin.prepared.sha256, Kind::Reconcile);
        if !self.force {
            let live = KnownCredential::new(&issuer.credential().await?);
            let plan = sink.check(&record.attempt, &live).await;
            let plan = plan.map_err(|failure| fail(Exit::Refused, failure.message))?;
            if plan.stored == Currency::Current {
                match global.output {
                    Output::Json => output::json(&json!({
                        "runner": runner.name, "outcome": "nothing", "exit": 0, "location": plan.location,
                    })),
                    Output::Human => output::text(&format!(
                        "{}: {} holds what the issuer has; nothing to do",
                        runner.name, plan.location
                    )),
                }
                return Ok(Exit::Done);
            }
        }
        let stage = Stage {
            session: &session,
            runner,
            issuer: &issuer,
            sink: &sink,
            journal: &mut journal,
        };
        attempt::finish(stage, record, false, global).await
    }
}
