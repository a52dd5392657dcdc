//! What `refresh`, `resume` and `reconcile` share: an attempt with its lock, and how it ended.

use serde_json::{Value, json};

use super::exit::{CliResult, Exit};
use super::output;
use super::watch::Screen;
use super::{Global, Output, Session};
use crate::config::Runner;
use crate::rotation::{
    Driver, Halt, Journal, Kind, Outcome, Pause, Record, RunnerAtIssuer, SandboxedSink, Step,
    SystemClock, Timings,
};

/// A new record for a runner.
pub fn record(runner: &Runner, runner_id: &str, sha256: &str, kind: Kind) -> Record {
    let now = time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    Record {
        attempt: uuid::Uuid::new_v4().to_string(),
        rehearsal: uuid::Uuid::new_v4().to_string(),
        runner: runner.name.clone(),
        runner_id: runner_id.to_owned(),
        plugin: runner.plugin.clone(),
        sha256: sha256.to_owned(),
        kind,
        step: Step::Plan,
        rehearse: runner.rehearse,
        drain: runner.drain,
        pause: Pause::No,
        grants_tokens: false,
        fingerprint_before: None,
        fingerprint: None,
        receipt: None,
        workload: None,
        unseen: false,
        tries: 0,
        rewrites: 0,
        problem: None,
        refused_in: None,
        opened_at: i64::try_from(now).unwrap_or(i64::MAX),
        refreshed_at: None,
        restarted_at: None,
        closed_at: None,
        window_us: None,
    }
}

/// Everything an attempt runs with.
pub struct Stage<'a> {
    /// The config and where state lives.
    pub session: &'a Session,
    /// The runner.
    pub runner: &'a Runner,
    /// The issuer.
    pub issuer: &'a RunnerAtIssuer,
    /// The sink.
    pub sink: &'a SandboxedSink<'a>,
    /// The journal.
    pub journal: &'a mut Journal,
}

/// Runs or takes up an attempt and says how it ended.
pub async fn finish(
    stage: Stage<'_>,
    record: Record,
    taken_up: bool,
    global: &Global,
) -> CliResult {
    let clock = SystemClock::default();
    let screen = Screen::new();
    let patience = stage.session.patience(stage.runner);
    let mut driver = Driver::new(
        stage.issuer,
        stage.sink,
        &clock,
        &screen,
        stage.journal,
        patience,
    );
    let outcome = match taken_up {
        true => driver.take_up(record).await,
        false => driver.run(record).await,
    };
    screen.finish();
    let outcome = outcome?;
    Ok(report(&outcome, driver.timings(), global.output))
}

/// Says how an attempt ended: to people on standard error, the result on standard output.
pub fn report(outcome: &Outcome, timings: &Timings, form: Output) -> Exit {
    let (record, exit, word) = match outcome {
        Outcome::Done(record) => (record, Exit::Done, "done"),
        Outcome::Refused(record) => (record, Exit::Refused, "refused"),
        Outcome::Held(record, halt) => (record, exit_of(*halt), "held"),
    };
    let next = (word == "held").then(|| format!("keyferry resume {}", record.runner));
    let message = message(outcome);
    match form {
        Output::Json => output::json(&json!({
            "runner": record.runner,
            "runner_id": record.runner_id,
            "attempt": record.attempt,
            "kind": record.kind,
            "outcome": word,
            "phase": record.phase().name(),
            "exit": exit as u8,
            "message": message,
            "next": next,
            "location": record.receipt.as_ref().map(|receipt| &receipt.location),
            "version": record.receipt.as_ref().map(|receipt| &receipt.version),
            "fingerprint_before": record.fingerprint_before,
            "fingerprint": record.fingerprint,
            "window_ms": window_ms(record),
            "timings_ms": timings_ms(timings),
        })),
        Output::Human => {
            if exit == Exit::Done {
                output::text(&message);
            } else {
                eprintln!("{message}");
            }
            if let Some(next) = next {
                eprintln!("When that is mended: {next}");
            }
        }
    }
    exit
}

/// The window, in milliseconds.
pub fn window_ms(record: &Record) -> Option<f64> {
    record.window_us.map(|us| us as f64 / 1000.0)
}

fn timings_ms(timings: &Timings) -> Value {
    let ms = |us: u64| us as f64 / 1000.0;
    let phases = timings.phases.iter();
    let mut all: serde_json::Map<String, Value> = phases
        .map(|(phase, us)| (phase.name().to_owned(), json!(ms(*us))))
        .collect();
    all.insert("journal".to_owned(), json!(ms(timings.journal_us)));
    Value::Object(all)
}

fn exit_of(halt: Halt) -> Exit {
    match halt {
        Halt::NotWritten => Exit::NotWritten,
        Halt::NotProven | Halt::StillPaused => Exit::NotProven,
        Halt::NotKnown => Exit::NotKnown,
    }
}

fn message(outcome: &Outcome) -> String {
    let why = |record: &Record| {
        record
            .problem
            .clone()
            .unwrap_or_else(|| "no reason is known".to_owned())
    };
    match outcome {
        Outcome::Done(record) => {
            let verb = match record.kind {
                Kind::Refresh => "refreshed",
                Kind::Reconcile => "stored what the issuer has now",
            };
            let place = record
                .receipt
                .as_ref()
                .map(|r| r.location.clone())
                .unwrap_or_default();
            let window = match record.window_us {
                Some(us) if record.kind == Kind::Refresh => {
                    let time = std::time::Duration::from_micros(us);
                    format!(
                        "; {} from the issuer's answer to the restart",
                        super::watch::duration(time)
                    )
                }
                _ => String::new(),
            };
            let fingerprint = record.fingerprint.clone().unwrap_or_default();
            format!(
                "{}: {verb}, stored in {place}, fingerprint {fingerprint}, runner connected{window}",
                record.runner
            )
        }
        Outcome::Refused(record) => {
            format!(
                "{}: refused, and nothing was refreshed: {}",
                record.runner,
                why(record)
            )
        }
        Outcome::Held(record, Halt::NotWritten) => format!(
            "{}: REFRESHED, BUT NOT WRITTEN: {}\nThe runner is cut off until it is. The new secret is safe in the journal.",
            record.runner,
            why(record)
        ),
        Outcome::Held(record, Halt::NotProven) => format!(
            "{}: refreshed and written, but not proven ({}): {}\nThe new secret is also kept in the journal.",
            record.runner,
            record.phase().name(),
            why(record)
        ),
        Outcome::Held(record, Halt::NotKnown) => format!(
            "{}: WHETHER THE REFRESH HAPPENED IS NOT KNOWN: {}\nDo not refresh by hand. `resume` asks the issuer again and goes on from there.",
            record.runner,
            why(record)
        ),
        Outcome::Held(record, Halt::StillPaused) => format!(
            "{}: nothing was refreshed, but the runner is still paused: {}",
            record.runner,
            why(record)
        ),
    }
}
