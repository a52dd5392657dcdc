//! `keyferry plan`: everything a refresh needs, looked at.

use clap::Args;
use serde_json::json;

use super::attempt::{self, Stage};
use super::exit::{CliResult, Exit};
use super::watch::Screen;
use super::{Global, Output, Session, output};
use crate::rotation::{Driver, Kind, Outcome, Record, RunnerLock, SystemClock};

/// Arguments of `plan`.
#[derive(Args)]
pub struct Plan {
    /// A runner's name in the config
    runner: String,
    /// Also write the live credential where it is, to see that the place takes a write
    #[arg(long)]
    rehearse: bool,
}

impl Plan {
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
        let mut record =
            attempt::record(runner, &runner_id, &plugin.prepared.sha256, Kind::Refresh);
        record.rehearse |= self.rehearse;
        let stage = Stage {
            session: &session,
            runner,
            issuer: &issuer,
            sink: &sink,
            journal: &mut journal,
        };
        show(stage, record, self.rehearse, global).await
    }
}

/// Makes the plan and shows it.
pub async fn show(stage: Stage<'_>, record: Record, rehearse: bool, global: &Global) -> CliResult {
    let (clock, screen) = (SystemClock::default(), Screen::new());
    let open = stage.journal.open_attempt(&record.runner_id)?;
    let patience = stage.session.patience(stage.runner);
    let mut driver = Driver::new(
        stage.issuer,
        stage.sink,
        &clock,
        &screen,
        stage.journal,
        patience,
    );
    let mut unmade = record.clone();
    let outcome = driver.plan_only(record, rehearse).await;
    screen.finish();
    let outcome = outcome.unwrap_or_else(|error| {
        unmade.problem = Some(error.to_string());
        Outcome::Refused(unmade)
    });
    let (record, exit) = match &outcome {
        Outcome::Done(record) => (record, Exit::Done),
        Outcome::Refused(record) | Outcome::Held(record, _) => (record, Exit::Refused),
    };
    let report = driver.report();
    match global.output {
        Output::Json => output::json(&json!({
            "runner": record.runner,
            "runner_id": record.runner_id,
            "outcome": if exit == Exit::Done { "ready" } else { "refused" },
            "exit": exit as u8,
            "message": record.problem,
            "fingerprint": record.fingerprint_before,
            "rehearsed": rehearse && exit == Exit::Done,
            "open_attempt": open.as_ref().map(|open| &open.attempt),
            "plan": report,
        })),
        Output::Human => {
            if let Some(report) = report {
                output::text(&words(record, report));
            }
            if let Some(problem) = &record.problem {
                eprintln!("{}: a refresh would be refused: {problem}", record.runner);
            }
            if let Some(open) = open {
                eprintln!(
                    "An earlier attempt stands at `{}`; `keyferry resume {}` goes on with it.",
                    open.phase().name(),
                    record.runner
                );
            }
        }
    }
    Ok(exit)
}

fn words(record: &Record, report: &crate::rotation::PlanReport) -> String {
    use crate::sandbox::types::Currency;
    let stored = match report.sink.stored {
        Currency::Current => "what the issuer has now",
        Currency::Stale => "ANOTHER secret than the issuer has now",
        Currency::Absent => "nothing yet",
        Currency::Unreadable => "something that can't be read with this identity",
    };
    let connected = match report.connected {
        Some(true) => ", connected",
        Some(false) => ", NOT connected",
        None => "",
    };
    let mut text = format!(
        "Plan for {}\n  runner    {} ({}{connected})\n  place     {}\n  holds     {stored}\n  running   {} pipelines seen",
        record.runner, record.runner_id, report.status, report.sink.location, report.running
    );
    let rehearse = if record.rehearse {
        "write the live credential first, to see that the place takes it"
    } else {
        ""
    };
    let steps = [
        rehearse,
        "ask the issuer for a new secret; the old one dies at once",
    ]
    .into_iter()
    .filter(|step| !step.is_empty())
    .map(str::to_owned)
    .chain(report.sink.steps.iter().cloned())
    .chain(["see the runner connected".to_owned()]);
    for (number, step) in steps.enumerate() {
        text.push_str(&format!("\n  {}. {step}", number + 1));
    }
    text
}
