//! What an error of AWS means. AWS's code decides; the status only where there is no code, since
//! the same code comes with different statuses.

use keyferry_sdk::{Failure, FailureKind, Response};
use serde_json::Value;

#[cfg(test)]
mod tests;

/// An error that AWS answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AwsError {
    /// Without its name space; empty if the answer has none.
    pub(crate) code: String,
    message: String,
    status: u16,
    retry_after_ms: Option<u32>,
}

impl AwsError {
    pub(crate) fn of(answer: &Response) -> Self {
        let text = answer.text();
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        let field = |names: [&str; 2]| {
            names
                .iter()
                .find_map(|name| body[*name].as_str())
                .map(str::to_owned)
        };
        let code = field(["__type", "code"])
            .or_else(|| answer.header("x-amzn-errortype").map(str::to_owned))
            .or_else(|| element(&text, "Code"))
            .unwrap_or_default();
        // `name.space#Code` in a body, `Code:http://…` in a header.
        let code = code.rsplit('#').next().unwrap_or_default();
        let code = code.split(':').next().unwrap_or_default().trim();
        Self {
            code: code.to_owned(),
            message: field(["message", "Message"])
                .or_else(|| element(&text, "Message"))
                .unwrap_or_default(),
            status: answer.status,
            retry_after_ms: answer.retry_after_ms(),
        }
    }

    /// The failure of the operation, with what to do about it.
    pub(crate) fn failure(&self, operation: &str, region: &str) -> Failure {
        let kind = kind(&self.code, self.status);
        let advice = match kind {
            FailureKind::Denied => {
                "; see that the identity in use is valid and allowed this (and the key, if the secret has its own)"
            }
            FailureKind::Missing => "; see the names and the region in the settings",
            _ => "",
        };
        let code = if self.code.is_empty() {
            "no code"
        } else {
            &self.code
        };
        let colon = if self.message.is_empty() { "" } else { ": " };
        let message = format!(
            "{operation} in {region} answered {code} ({}){colon}{}{advice}",
            self.status, self.message
        );
        let failure = Failure::new(kind, message);
        match self.retry_after_ms {
            Some(wait) => failure.retry_after(wait),
            None => failure,
        }
    }
}

/// The text of the first such element of an XML body, which is how some gateways answer.
fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inside, _) = rest.split_once(&format!("</{name}>"))?;
    Some(inside.trim().to_owned())
}

fn kind(code: &str, status: u16) -> FailureKind {
    match code {
        "BandwidthLimitExceeded"
        | "PriorRequestNotComplete"
        | "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown"
        | "ThrottledException"
        | "Throttling"
        | "ThrottlingException"
        | "TooManyRequestsException"
        | "TransactionInProgressException" => FailureKind::Unavailable,
        "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "InternalServiceError"
        | "InternalServiceErrorException"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "ServerException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "UpdateInProgressException" => FailureKind::Unavailable,
        "AccessDenied"
        | "AccessDeniedException"
        | "AuthFailure"
        | "DecryptionFailure"
        | "EncryptionFailure"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "NotAuthorized"
        | "OptInRequired"
        | "RequestExpired"
        | "SignatureDoesNotMatch"
        | "UnauthorizedOperation"
        | "UnrecognizedClientException" => FailureKind::Denied,
        "ClusterNotFoundException"
        | "ResourceNotFoundException"
        | "ServiceNotActiveException"
        | "ServiceNotFoundException" => FailureKind::Missing,
        "ResourceExistsException" => FailureKind::Conflict,
        _ if status == 429 || status >= 500 => FailureKind::Unavailable,
        "" if status == 401 || status == 403 => FailureKind::Denied,
        _ => FailureKind::Rejected,
    }
}
