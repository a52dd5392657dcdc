//! `keyferry refresh`: the whole way.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use clap::Args;

use super::attempt::{self, Stage};
use super::exit::{CliResult, Exit, fail};
use super::{Global, Session, plan};
use crate::rotation::{Kind, RunnerLock};

/// Arguments of `refresh`.
#[derive(Args)]
pub struct Refresh {
    /// A runner's name in the config
    runner: String,
    /// Say `refresh` in advance: the old secret dies when the issuer answers
    #[arg(long, short)]
    yes: bool,
}

impl Refresh {
    pub async fn run(&self, global: &Global) -> CliResult {
        let session = Session::open(global)?;
        let runner = session.config.runner(&self.runner)?;
        let client = session.client()?;
        let runner_id = session.runner_id(&client, runner).await?;
        let _lock = RunnerLock::take(&session.state_dir, &runner_id)?;
        let mut journal = session.journal()?;
        let sandbox = session.sandbox()?;
        let plugin = session.plugin(&sandbox, runner).await?;
        let sink = session.sink(&sandbox, &plugin, runner, &runner_id)?;
        let issuer = session.issuer(&client, &runner_id);
        let open = journal.open_attempt(&runner_id)?;
        if let Some(open) = &open {
            eprintln!(
                "An earlier attempt stands at `{}`; it is taken up, and nothing new is refreshed.",
                open.phase().name()
            );
        } else if !self.yes {
            if !std::io::stdin().is_terminal() {
                return Err(fail(
                    Exit::Usage,
                    "`refresh` wants the word `refresh` typed; in a script, say --yes",
                ));
            }
            let record =
                attempt::record(runner, &runner_id, &plugin.prepared.sha256, Kind::Refresh);
            let stage = Stage {
                session: &session,
                runner,
                issuer: &issuer,
                sink: &sink,
                journal: &mut journal,
            };
            let exit = plan::show(stage, record, false, global).await?;
            if exit != Exit::Done {
                return Ok(exit);
            }
            confirm(&runner.name)?;
        }
        let stage = Stage {
            session: &session,
            runner,
            issuer: &issuer,
            sink: &sink,
            journal: &mut journal,
        };
        match open {
            Some(open) => attempt::finish(stage, open, true, global).await,
            None => {
                let record =
                    attempt::record(runner, &runner_id, &plugin.prepared.sha256, Kind::Refresh);
                attempt::finish(stage, record, false, global).await
            }
        }
    }
}

fn confirm(runner: &str) -> Result<(), super::CliError> {
    eprint!("\nThe secret of `{runner}` will be revoked at once. Type `refresh` to go on: ");
    let _ = std::io::stderr().flush();
    let mut word = String::new();
    let _ = std::io::stdin().lock().read_line(&mut word);
    match word.trim() {
        "refresh" => Ok(()),
        _ => Err(fail(
            Exit::Refused,
            "the word `refresh` was not typed; nothing was changed",
        )),
    }
}
