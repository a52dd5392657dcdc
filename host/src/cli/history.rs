//! `keyferry history`: what was done, and when.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::exit::{CliResult, Exit};
use super::{Global, Output, Session, attempt, output, watch};
use crate::rotation::{Record, Step};

/// Arguments of `history`.
#[derive(Args)]
pub struct History {
    /// A runner's name in the config; all if left out
    runner: Option<String>,
    /// How many attempts, newest first
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Show every step of each attempt
    #[arg(long)]
    steps: bool,
}

impl History {
    pub fn run(&self, global: &Global) -> CliResult {
        let session = Session::open(global)?;
        let journal = session.journal()?;
        let records = journal.history(self.runner.as_deref(), self.limit)?;
        if global.output == Output::Json {
            let mut all = Vec::new();
            for record in &records {
                let mut value = json(record);
                value["steps"] = json!(journal.entries(&record.attempt)?);
                all.push(value);
            }
            output::json(&Value::Array(all));
            return Ok(Exit::Done);
        }
        if records.is_empty() {
            output::text("Nothing was refreshed yet.");
            return Ok(Exit::Done);
        }
        let head = [
            "WHEN",
            "RUNNER",
            "WHAT",
            "OUTCOME",
            "FINGERPRINT",
            "WINDOW",
            "STORED IN",
        ];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for record in &records {
            rows.push(row(record));
            if self.steps {
                for entry in journal.entries(&record.attempt)? {
                    let offset = u64::try_from(entry.at - record.opened_at).unwrap_or(0);
                    let offset = watch::duration(Duration::from_millis(offset));
                    rows.push(vec![format!("  +{offset}"), entry.phase, entry.what]);
                }
            }
        }
        output::text(&output::table(&rows));
        Ok(Exit::Done)
    }
}

fn row(record: &Record) -> Vec<String> {
    let none = || "-".to_owned();
    vec![
        output::moment(record.opened_at),
        record.runner.clone(),
        format!("{:?}", record.kind).to_lowercase(),
        outcome(record),
        record.fingerprint.clone().unwrap_or_else(none),
        record
            .window_us
            .map(|us| watch::duration(Duration::from_micros(us)))
            .unwrap_or_else(none),
        record
            .receipt
            .as_ref()
            .map(|receipt| receipt.location.clone())
            .unwrap_or_else(none),
    ]
}

/// How a record ended, or where it stands.
pub fn outcome(record: &Record) -> String {
    match record.step {
        Step::Done => "done".to_owned(),
        Step::Refused => "refused".to_owned(),
        _ => format!("open at {}", record.phase().name()),
    }
}

fn json(record: &Record) -> Value {
    json!({
        "attempt": record.attempt,
        "runner": record.runner,
        "runner_id": record.runner_id,
        "kind": record.kind,
        "outcome": outcome(record),
        "phase": record.phase().name(),
        "problem": record.problem,
        "opened_at": output::moment(record.opened_at),
        "closed_at": record.closed_at.map(output::moment),
        "plugin": record.plugin,
        "plugin_sha256": record.sha256,
        "location": record.receipt.as_ref().map(|receipt| &receipt.location),
        "version": record.receipt.as_ref().map(|receipt| &receipt.version),
        "fingerprint_before": record.fingerprint_before,
        "fingerprint": record.fingerprint,
        "window_ms": attempt::window_ms(record),
    })
}
