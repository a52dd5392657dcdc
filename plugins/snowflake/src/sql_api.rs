//! One statement through the SQL API: sent, waited for as long as a call may, and told apart where
//! it failed. Signing in is the host's.

use keyferry_sdk::{Failure, FailureKind, Host, Response, Target, Unanswered};
use serde::Deserialize;

use crate::errors::SqlError;
use crate::rows::Rows;
use crate::settings::Settings;
use crate::statement::{Statement, progress_url};

/// How often a call asks for a statement that still runs; there is no pause in between but the
/// network's, and the host makes the longer ones.
const LOOKS: u32 = 3;
const PAUSE_MS: u32 = 2000;

/// Names a statement that was submitted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Submitted {
    statement_handle: String,
}

/// How a statement stands.
pub(crate) enum Standing {
    Running,
    Done,
    /// It failed, or Snowflake knows it no more.
    Failed(String),
}

/// Runs a statement to its end.
pub(crate) fn run(
    host: &dyn Host,
    target: &Target<Settings>,
    statement: &Statement,
) -> Result<Rows, Failure> {
    run_with(host, target, statement, "")
}

/// Runs a statement that holds `token` to its end.
pub(crate) fn run_with(
    host: &dyn Host,
    target: &Target<Settings>,
    statement: &Statement,
    token: &str,
) -> Result<Rows, Failure> {
    let settings = &target.settings;
    let mut answer = submit(host, target, statement, token)?;
    for _ in 0..LOOKS {
        match answer.status {
            202 => {}
            _ => return finished(&answer, statement, settings),
        }
        let handle = handle(&answer, statement, settings)?;
        answer = look(host, settings, &handle)
            .map_err(|unanswered| unsent(unanswered.while_reading(), statement, settings))?;
    }
    match answer.status {
        202 => Err(Failure::unavailable(format!(
            "{} in {} still runs",
            statement.name, settings.account
        ))
        .retry_after(PAUSE_MS)),
        _ => finished(&answer, statement, settings),
    }
}

/// Starts a statement; its handle.
pub(crate) fn start(
    host: &dyn Host,
    target: &Target<Settings>,
    statement: &Statement,
) -> Result<String, Failure> {
    let settings = &target.settings;
    let answer = submit(host, target, statement, "")?;
    match answer.is_success() {
        true => handle(&answer, statement, settings),
        false => Err(SqlError::of(&answer).failure(statement, &settings.account)),
    }
}

/// How the statement with this handle stands.
pub(crate) fn standing(
    host: &dyn Host,
    target: &Target<Settings>,
    statement: &Statement,
    handle: &str,
) -> Result<Standing, Failure> {
    let settings = &target.settings;
    let answer = look(host, settings, handle)
        .map_err(|unanswered| unsent(unanswered.while_reading(), statement, settings))?;
    match answer.status {
        202 => Ok(Standing::Running),
        200..300 => Ok(Standing::Done),
        404 => Ok(Standing::Failed(format!(
            "Snowflake knows the statement {handle} no more"
        ))),
        status => {
            let failure = SqlError::of(&answer).failure(statement, &settings.account);
            match status {
                408 | 422 => Ok(Standing::Failed(failure.message)),
                _ if failure.kind == FailureKind::Uncertain => {
                    Err(Failure::unavailable(failure.message))
                }
                _ => Err(failure),
            }
        }
    }
}

fn submit(
    host: &dyn Host,
    target: &Target<Settings>,
    statement: &Statement,
    token: &str,
) -> Result<Response, Failure> {
    let settings = &target.settings;
    let mut body = statement.body(settings, token);
    if let (false, Some(warehouse)) = (statement.repeatable, &settings.warehouse) {
        body["warehouse"] = warehouse.as_str().into();
    }
    // What can be repeated is repeated when its answer is lost, the secret too: its value can't be
    // read back, so to ask whether it took effect would be answered by nobody.
    let lost = |unanswered: Unanswered| match statement.repeatable {
        true => unanswered.while_reading(),
        false => unanswered.while_writing(),
    };
    host.post(&statement.url(settings, &target.attempt))
        .header("accept", "application/json")
        .json(&body)
        .send()
        .map_err(|unanswered| unsent(lost(unanswered), statement, settings))
}

fn look(host: &dyn Host, settings: &Settings, handle: &str) -> Result<Response, Unanswered> {
    host.get(&progress_url(settings, handle))
        .header("accept", "application/json")
        .send()
}

fn finished(
    answer: &Response,
    statement: &Statement,
    settings: &Settings,
) -> Result<Rows, Failure> {
    match answer.is_success() {
        true => answer
            .json()
            .map_err(|garbled| unread(garbled, statement, settings)),
        false => Err(SqlError::of(answer).failure(statement, &settings.account)),
    }
}

/// The handle, if it is one: it becomes part of an address.
fn handle(
    answer: &Response,
    statement: &Statement,
    settings: &Settings,
) -> Result<String, Failure> {
    let submitted: Submitted = answer
        .json()
        .map_err(|garbled| unread(garbled, statement, settings))?;
    let handle = submitted.statement_handle;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    match !handle.is_empty() && handle.bytes().all(plain) {
        true => Ok(handle),
        false => Err(unread(
            Failure::rejected("the answer names no statement"),
            statement,
            settings,
        )),
    }
}

/// An answer that is none of Snowflake's: a gateway's, most likely, and passing.
fn unread(garbled: Failure, statement: &Statement, settings: &Settings) -> Failure {
    let kind = match statement.repeatable {
        true => FailureKind::Unavailable,
        false => FailureKind::Uncertain,
    };
    unsent(Failure::new(kind, garbled.message), statement, settings)
}

fn unsent(mut failure: Failure, statement: &Statement, settings: &Settings) -> Failure {
    failure.message = format!(
        "{} in {}: {}",
        statement.name, settings.account, failure.message
    );
    failure
}
