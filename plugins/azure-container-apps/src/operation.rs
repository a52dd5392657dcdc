//! What Azure goes on with after it took a change. A sink can't wait, so this looks only as long as
//! it isn't asked to, and leaves the rest to `verify`, which the host calls again after a pause.

use keyferry_sdk::{Failure, Host, Response};
use serde_json::Value;

use crate::arm::here;
use crate::errors::ArmError;

#[cfg(test)]
mod tests;

/// An operation that is done is found within a few looks; one that isn't asks for patience.
const LOOKS: usize = 8;

/// Fails if the operation that the answer names has failed; one that still runs, or that the
/// identity in use may not look at, is left to go on.
pub(crate) fn follow(host: &dyn Host, accepted: &Response, what: &str) -> Result<(), Failure> {
    let mut last = accepted.clone();
    for _ in 0..LOOKS {
        if last.retry_after_ms().is_some_and(|wait| wait > 0) {
            return Ok(());
        }
        let by_status = accepted.header("azure-asyncoperation");
        let Some(url) = by_status.or_else(|| accepted.header("location")) else {
            return Ok(());
        };
        last = match host.get(&here(url)).send() {
            Ok(answer) if answer.is_success() => answer,
            Ok(answer) if by_status.is_none() && is_the_end(answer.status) => {
                return Err(ArmError::of(&answer).failure(what));
            }
            _ => return Ok(()),
        };
        let body: Value = serde_json::from_slice(&last.body).unwrap_or_default();
        match body["status"].as_str() {
            _ if by_status.is_none() && last.status != 202 => return Ok(()),
            Some(status) if status.eq_ignore_ascii_case("Failed") => {
                return Err(ArmError::in_body(&body, last.status).failure(what));
            }
            Some(status) if status.eq_ignore_ascii_case("Canceled") => {
                return Err(Failure::conflict(format!("{what}: it was cancelled")));
            }
            Some(status) if status.eq_ignore_ascii_case("Succeeded") => return Ok(()),
            _ => {}
        }
    }
    Ok(())
}

/// The result of an operation is its own error, unless the error is about looking at it.
fn is_the_end(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 401 | 403 | 404 | 408 | 429)
}

/// The name that Azure gave the operation.
pub(crate) fn name(accepted: &Response) -> Option<String> {
    let url = accepted
        .header("azure-asyncoperation")
        .or_else(|| accepted.header("location"))?;
    let path = url.split('?').next()?;
    path.rsplit('/').next().map(str::to_owned)
}
