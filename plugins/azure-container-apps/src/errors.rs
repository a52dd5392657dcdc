//! What an error of Azure Resource Manager means. The code decides where it says more than the
//! status; the status decides for the many codes that nobody listed.

use keyferry_sdk::{Failure, FailureKind, Response};
use serde_json::Value;

#[cfg(test)]
mod tests;

/// An error that Azure answered, or that an operation ended with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ArmError {
    /// Empty if there is none.
    code: String,
    message: String,
    status: u16,
    retry_after_ms: Option<u32>,
}

impl ArmError {
    pub(crate) fn of(answer: &Response) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        Self {
            retry_after_ms: answer.retry_after_ms(),
            ..Self::in_body(&body, answer.status)
        }
    }

    /// The error that the body tells of: under `error`, or, as some of Azure's own gateways do,
    /// at the top.
    pub(crate) fn in_body(body: &Value, status: u16) -> Self {
        let error = match &body["error"] {
            Value::Object(_) => &body["error"],
            _ => body,
        };
        let text = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| error[*name].as_str());
            found.unwrap_or_default().to_owned()
        };
        Self {
            code: text(["code", "Code"]),
            message: text(["message", "Message"]),
            status,
            retry_after_ms: None,
        }
    }

    /// The failure of what was attempted, with what to do about it.
    pub(crate) fn failure(&self, what: &str) -> Failure {
        let kind = kind(&self.code, self.status);
        let advice = match kind {
            FailureKind::Denied => {
                "; see that the identity in use is valid and has a role on the app that allows it"
            }
            FailureKind::Missing => "; see subscription, resource_group and app in the settings",
            FailureKind::Unavailable if self.status == 409 => {
                "; something else is being done to the app, and it takes one change at a time"
            }
            _ => "",
        };
        let code = match self.code.as_str() {
            "" => "no code",
            code => code,
        };
        let colon = if self.message.is_empty() { "" } else { ": " };
        let status = match self.status {
            ..300 => String::new(),
            status => format!(" ({status})"),
        };
        let message = format!(
            "{what}: Azure answered {code}{status}{colon}{}{advice}",
            self.message.trim_end_matches('.')
        );
        let failure = Failure::new(kind, message);
        match self.retry_after_ms {
            Some(wait) => failure.retry_after(wait),
            None => failure,
        }
    }
}

fn kind(code: &str, status: u16) -> FailureKind {
    match code {
        "AnotherOperationInProgress"
        | "ContainerAppLockConflict"
        | "ContainerAppOperationInProgress"
        | "GatewayTimeout"
        | "InternalServerError"
        | "OperationNotAllowedOnResourceInTransition"
        | "RequestTimeout"
        | "ServerTimeout"
        | "ServiceUnavailable"
        | "SubscriptionRequestsThrottled"
        | "TooManyRequests" => FailureKind::Unavailable,
        "AuthenticationFailed"
        | "AuthorizationFailed"
        | "ExpiredAuthenticationToken"
        | "InvalidAuthenticationToken"
        | "InvalidAuthenticationTokenTenant"
        | "LinkedAuthorizationFailed"
        | "RequestDisallowedByPolicy"
        | "ScopeLocked" => FailureKind::Denied,
        "ResourceGroupBeingDeleted" | "ContainerAppBeingDeleted" => FailureKind::Rejected,
        "ContainerAppNotFound"
        | "ResourceGroupNotFound"
        | "ResourceNotFound"
        | "SubscriptionNotFound" => FailureKind::Missing,
        _ => match status {
            401 | 403 => FailureKind::Denied,
            404 => FailureKind::Missing,
            412 => FailureKind::Conflict,
            408 | 409 | 429 | 500.. => FailureKind::Unavailable,
            _ => FailureKind::Rejected,
        },
    }
}
