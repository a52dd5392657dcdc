//! `keyferry resume`: goes on where something stopped.

use clap::Args;

use super::attempt::{self, Stage};
use super::exit::{CliResult, Exit};
use super::{Global, Output, Session, output};
use crate::rotation::{Record, RunnerLock};

/// Arguments of `resume`.
#[derive(Args)]
pub struct Resume {
    /// A runner's name in the config; all that are not over if left out
    runner: Option<String>,
}

impl Resume {
    pub async fn run(&self, global: &Global) -> CliResult {
        let session = Session::open(global)?;
        if let Some(name) = &self.runner {
            session.config.runner(name)?;
        }
        let open: Vec<Record> = session
            .journal()?
            .open_attempts()?
            .into_iter()
            .filter(|record| {
                self.runner
                    .as_ref()
                    .is_none_or(|name| *name == record.runner)
            })
            .collect();
        if open.is_empty() {
            match global.output {
                Output::Json => {
                    output::json(&serde_json::json!({ "outcome": "nothing", "exit": 0 }))
                }
                Output::Human => output::text("Nothing to resume."),
            }
            return Ok(Exit::Done);
        }
        // One that fails does not hold up the others; the gravest status is the command's.
        let mut worst = Exit::Done;
        for record in open {
            let exit = match self.one(&session, record.clone(), global).await {
                Ok(exit) => exit,
                Err(error) => {
                    eprintln!("error: {}: {}", record.runner, super::said(&error.error));
                    error.exit
                }
            };
            if exit as u8 > worst as u8 {
                worst = exit;
            }
        }
        Ok(worst)
    }

    async fn one(&self, session: &Session, record: Record, global: &Global) -> CliResult {
        let runner = session.config.runner(&record.runner)?;
        let _lock = RunnerLock::take(&session.state_dir, &record.runner_id)?;
        let mut journal = session.journal()?;
        // Another process may have gone on with it before the lock was ours.
        let Some(record) = journal.open_attempt(&record.runner_id)? else {
            return Ok(Exit::Done);
        };
        eprintln!("{}: going on at `{}`", record.runner, record.phase().name());
        let client = session.client()?;
        let sandbox = session.sandbox()?;
        let plugin = session.plugin(&sandbox, runner).await?;
        let sink = session.sink(&sandbox, &plugin, runner, &record.runner_id)?;
        let issuer = session.issuer(&client, &record.runner_id);
        let stage = Stage {
            session,
            runner,
            issuer: &issuer,
            sink: &sink,
            journal: &mut journal,
        };
        attempt::finish(stage, record, true, global).await
    }
}
