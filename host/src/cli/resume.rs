//! `keyferry resume`: goes on where something stopped.

use clap::Args;

use super::attempt::{self, Stage};
use super::exit::{CliError, CliResult, Exit, fail};
use super::{Global, Output, Session, output};
use crate::config::{Config, Identity, Runner};
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
        let named = self.runner.as_ref();
        let named = named.map(|name| session.config.runner(name)).transpose()?;
        let open: Vec<Record> = session
            .journal()?
            .open_attempts()?
            .into_iter()
            .filter(|record| {
                named.is_none_or(|runner| {
                    runner.name == record.runner || runner.identity.is(&record.runner_id)
                })
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
        let runner = runner_of(&session.config, &record)?;
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

/// The runner that an attempt is about, whatever it is called now. Its secret must not go where
/// another runner's settings say.
fn runner_of<'c>(config: &'c Config, record: &Record) -> Result<&'c Runner, CliError> {
    let named = config.runners.get(&record.runner);
    if let Some(runner) = named
        && (runner.identity.is(&record.runner_id) || matches!(runner.identity, Identity::Name(_)))
    {
        return Ok(runner);
    }
    let mut runners = config.runners.values();
    if let Some(renamed) = runners.find(|runner| runner.identity.is(&record.runner_id)) {
        return Ok(renamed);
    }
    let other = config.runner(&record.runner)?;
    Err(fail(
        Exit::Failed,
        format!(
            "the open attempt is for the runner {}, and [runners.{}] is {} now. Nothing was done: put a runner with that id and its settings into the config until the attempt is over",
            record.runner_id,
            record.runner,
            other.identity.as_str()
        ),
    ))
}
