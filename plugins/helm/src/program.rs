//! Running `helm` and `kubectl`. Both end with status 1 whatever went wrong, and say it in words
//! that differ between versions; so what failed is found out by asking again, never read from the
//! words, which are for the operator.

use keyferry_sdk::{Failure, Host, Output};
use serde::de::DeserializeOwned;

use crate::needs::MAY_STORE;
use crate::settings::Settings;

/// As much of a program's last words as a message can hold.
const MOST_WORDS: usize = 400;

/// A program that ended with something other than success.
pub(crate) struct Ended {
    what: String,
    words: String,
}

impl Ended {
    /// A failure of the kind that `make` makes, with the program's words and what to do.
    pub(crate) fn failure(&self, make: impl Fn(String) -> Failure, advice: &str) -> Failure {
        make(format!("{}: {}; {advice}", self.what, self.words))
    }
}

/// What the program printed, if it succeeded; `what` says what it was run for.
pub(crate) fn run(
    host: &dyn Host,
    name: &str,
    what: &str,
) -> Result<Result<String, Ended>, Failure> {
    let output = host.run(name)?;
    Ok(match output.status {
        0 => Ok(output.stdout),
        status => Err(Ended {
            what: format!("{what} failed ({status})"),
            words: words(&output),
        }),
    })
}

/// As [`run`], for a JSON document.
pub(crate) fn document<T: DeserializeOwned>(
    host: &dyn Host,
    name: &str,
    what: &str,
) -> Result<Result<T, Ended>, Failure> {
    let text = match run(host, name, what)? {
        Ok(text) => text,
        Err(ended) => return Ok(Err(ended)),
    };
    serde_json::from_str(&text).map(Ok).map_err(|error| {
        Failure::rejected(format!(
            "{what} answered something else than expected (line {}, column {}); see that `helm` and `kubectl` are of a version this sink knows",
            error.line(),
            error.column()
        ))
    })
}

/// What to make of a read that failed.
pub(crate) fn unread(host: &dyn Host, settings: &Settings, ended: &Ended) -> Failure {
    let namespace = &settings.namespace;
    match may(host, MAY_STORE) {
        Ok(Some(false)) => ended.failure(
            Failure::denied,
            &format!("the identity in use may not update secrets in the namespace {namespace}, which is where helm keeps releases"),
        ),
        _ => ended.failure(
            Failure::unavailable,
            "see that the kubeconfig and context in use reach the cluster (the plugin's `environment` must list what they need, KUBECONFIG for one)",
        ),
    }
}

/// What `kubectl auth can-i` says, if it says anything.
pub(crate) fn may(host: &dyn Host, name: &str) -> Result<Option<bool>, Failure> {
    let output = host.run(name)?;
    Ok(match output.stdout.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    })
}

fn words(output: &Output) -> String {
    let said = [&output.stderr, &output.stdout];
    let text = said.into_iter().find(|text| !text.trim().is_empty());
    let lines: Vec<&str> = text
        .map(|text| text.trim().lines().collect())
        .unwrap_or_default();
    let all = lines
        .iter()
        .map(|line| line.trim())
        .collect::<Vec<_>>()
        .join(" ");
    match all.char_indices().nth(MOST_WORDS) {
        _ if all.is_empty() => "it said nothing".to_owned(),
        Some((end, _)) => format!("{}…", &all[..end]),
        None => all,
    }
}
