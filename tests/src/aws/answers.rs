//! One request from door to answer: operation, signature, rights, fault, deed.

use serde_json::{Value, json};

use super::operation::{Fault, Operation};
use super::sigv4::{self, Refusal};
use super::state::State;
use super::{ecs, secrets_manager, vault};
use crate::server::{Answer, Reply, Request};

const MEDIA_TYPE: &str = "application/x-amz-json-1.1";

pub(super) struct AwsError {
    status: u16,
    code: String,
    message: String,
}

impl AwsError {
    pub fn new(code: &str, message: &str) -> Self {
        Self {
            status: 400,
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }

    fn answer(&self, namespace: &str) -> Answer {
        let body =
            json!({ "__type": format!("{namespace}#{}", self.code), "message": self.message });
        Answer::json(self.status, MEDIA_TYPE, &body)
    }
}

pub(super) fn answer(state: &mut State, request: &Request) -> Reply {
    let Some(operation) = request.header("x-amz-target").and_then(Operation::of) else {
        let error = AwsError::new("UnknownOperationException", "No such operation.");
        return Reply::Answer(error.answer("com.amazon.coral.service"));
    };
    if let Err(refusal) = sigv4::verify(
        request,
        &state.keys,
        &state.region,
        operation.signing_name(),
    ) {
        return Reply::Answer(refused(&refusal).answer("com.amazon.coral.service"));
    }
    let fault = state.faults.take(&operation);
    if fault == Some(Fault::RequestLost) {
        return Reply::HangUp;
    }
    let done = before(state, operation, fault.as_ref())
        .and_then(|()| perform(state, operation, request, fault.as_ref()));
    let answer = match done {
        Ok(body) => Answer::json(200, MEDIA_TYPE, &body),
        Err(error) => error.answer(operation.namespace()),
    };
    after(answer, fault, operation)
}

fn before(state: &State, operation: Operation, fault: Option<&Fault>) -> Result<(), AwsError> {
    let denied = || {
        let what = format!("User is not authorized to perform: {operation:?}");
        AwsError::new("AccessDeniedException", &what)
    };
    if state.denied.contains(&operation) {
        return Err(denied());
    }
    match fault {
        Some(Fault::Throttled) => Err(AwsError::new("ThrottlingException", "Rate exceeded")),
        Some(Fault::AccessDenied) => Err(denied()),
        Some(Fault::ErrorBefore) => Err(broken()),
        Some(Fault::Error { status, code }) => Err(AwsError {
            status: *status,
            code: code.clone(),
            message: "As asked.".to_owned(),
        }),
        _ => Ok(()),
    }
}

fn perform(
    state: &mut State,
    operation: Operation,
    request: &Request,
    fault: Option<&Fault>,
) -> Result<Value, AwsError> {
    let media_type = request.header("content-type").unwrap_or_default();
    let body: Value = serde_json::from_slice(&request.body)
        .ok()
        .filter(|body: &Value| body.is_object() && media_type.starts_with(MEDIA_TYPE))
        .ok_or_else(|| AwsError::new("SerializationException", "The body is no JSON object."))?;
    match operation {
        Operation::GetSecretValue => {
            let answer = secrets_manager::get(&state.vault, &body)?;
            if let (Some(Fault::SecondWriter(next)), Some(name)) = (fault, text(&answer, "Name")) {
                state
                    .vault
                    .put_behind(name, vault::Stored::Text(next.clone()));
            }
            Ok(answer)
        }
        Operation::PutSecretValue => secrets_manager::put(&mut state.vault, &body),
        Operation::ListSecretVersionIds => secrets_manager::list(&state.vault, &body),
        Operation::DescribeSecret => secrets_manager::describe(&state.vault, &body),
        Operation::DescribeServices => ecs::describe_services(state, &body),
        Operation::DescribeTaskDefinition => ecs::describe_task_definition(state, &body),
        Operation::UpdateService => ecs::update_service(state, &body),
    }
}

fn after(mut answer: Answer, fault: Option<Fault>, operation: Operation) -> Reply {
    match fault {
        Some(Fault::AnswerLost) => return Reply::HangUp,
        Some(Fault::AnswerCut) => answer.cut = true,
        Some(Fault::Slow(delay)) => answer.delay = delay,
        Some(Fault::ErrorAfter) => answer = broken().answer(operation.namespace()),
        Some(Fault::Garbage) => {
            answer = Answer::raw(200, "text/html", b"<html>it's {fine}</html>".to_vec());
        }
        _ => {}
    }
    Reply::Answer(answer)
}

fn broken() -> AwsError {
    AwsError {
        status: 500,
        ..AwsError::new("InternalServiceError", "Something broke.")
    }
}

fn refused(refusal: &Refusal) -> AwsError {
    match refusal {
        Refusal::Missing => AwsError::new(
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        ),
        Refusal::Incomplete(part) => {
            let what = format!("Authorization header lacks or garbles {part}.");
            AwsError::new("IncompleteSignatureException", &what)
        }
        Refusal::UnknownKey => AwsError::new(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        Refusal::Scope(part) => {
            let what = format!("Credential should be scoped to a valid {part}.");
            AwsError::new("SignatureDoesNotMatch", &what)
        }
        Refusal::Expired => AwsError::new("SignatureDoesNotMatch", "Signature expired."),
        Refusal::Mismatch => AwsError::new(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided.",
        ),
    }
}

/// A member that is text.
pub(super) fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body[name].as_str()
}
