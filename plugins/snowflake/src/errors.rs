//! What an error of the SQL API means. Snowflake's code and SQL state decide; the status only
//! where there is neither.

use keyferry_sdk::{Failure, FailureKind, Response};
use serde::Deserialize;

use crate::statement::Statement;

#[cfg(test)]
mod tests;

/// An error that Snowflake answered.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SqlError {
    code: String,
    sql_state: String,
    message: String,
    #[serde(skip)]
    status: u16,
    #[serde(skip)]
    retry_after_ms: Option<u32>,
}

impl SqlError {
    pub(crate) fn of(answer: &Response) -> Self {
        let body: Self = serde_json::from_slice(&answer.body).unwrap_or_default();
        Self {
            status: answer.status,
            retry_after_ms: answer.retry_after_ms(),
            ..body
        }
    }

    /// The failure of the statement, with what to do about it.
    pub(crate) fn failure(&self, statement: &Statement, account: &str) -> Failure {
        let kind = match self.kind() {
            FailureKind::Unavailable if !statement.repeatable && self.status >= 500 => {
                FailureKind::Uncertain
            }
            kind => kind,
        };
        // A parser quotes pieces of what it could not read, and a piece of the secret would not be
        // known for one.
        let message = match self.message.as_str() {
            "" => String::new(),
            _ if statement.secret => String::new(),
            message => format!(
                ": {}",
                message.split_whitespace().collect::<Vec<_>>().join(" ")
            ),
        };
        let code = match (self.code.as_str(), self.sql_state.as_str()) {
            ("", _) => format!("{}", self.status),
            (code, "") => format!("{code} ({})", self.status),
            (code, state) => format!("{code}, SQL state {state} ({})", self.status),
        };
        let text = format!(
            "{} in {account} was answered with {code}{message}{}",
            statement.name,
            self.advice(kind)
        );
        let failure = Failure::new(kind, text);
        match self.retry_after_ms {
            Some(wait) => failure.retry_after(wait),
            None => failure,
        }
    }

    fn kind(&self) -> FailureKind {
        match (self.code.as_str(), self.sql_state.as_str(), self.status) {
            // Does not exist or not authorized; Snowflake does not say which.
            ("002003" | "002043", ..) => FailureKind::Missing,
            // Insufficient privileges; a role that the user has not.
            ("003001" | "390186" | "390189", ..) => FailureKind::Denied,
            // Cancelled, or over its time: nothing was done.
            ("000604" | "000630", ..) => FailureKind::Unavailable,
            // No active warehouse.
            ("000606", ..) => FailureKind::Rejected,
            (_, _, 401 | 403) => FailureKind::Denied,
            (_, _, 404) => FailureKind::Missing,
            (_, _, 408 | 429 | 500..) => FailureKind::Unavailable,
            (_, "02000", _) => FailureKind::Missing,
            (_, "42501", _) => FailureKind::Denied,
            _ => FailureKind::Rejected,
        }
    }

    fn advice(&self, kind: FailureKind) -> &'static str {
        match (self.code.as_str(), kind, self.status) {
            ("000606", ..) => "; name a warehouse that the role may use in the settings",
            (_, FailureKind::Denied, 401) => {
                "; see the account, the user and its key or token in the config, and this machine's clock"
            }
            (_, FailureKind::Denied, 403) => {
                "; see whether a network policy of the account keeps this machine out"
            }
            (_, FailureKind::Denied, _) => {
                "; see that the user has the role, and the role the right (to alter a secret it must own it)"
            }
            (_, FailureKind::Missing, 404) => "; see the account in the settings",
            (_, FailureKind::Missing, _) => {
                "; it does not exist, or the role may not see it: see the names in the settings and the role's grants"
            }
            _ => "",
        }
    }
}
