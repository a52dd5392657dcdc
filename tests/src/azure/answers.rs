//! One request from door to answer: endpoint, token, rights, fault, place, deed.

use serde_json::{Value, json};

use super::app::Secret;
use super::endpoint::{self, Address, Endpoint, Fault};
use super::entra;
use super::patch::{self, Change};
use super::revision::Revision;
use super::state::{State, list};
use crate::server::{Answer, Reply, Request, form};

const MEDIA_TYPE: &str = "application/json; charset=utf-8";

pub(super) struct ArmError {
    status: u16,
    code: String,
    message: String,
}

impl ArmError {
    pub fn new(status: u16, code: &str, message: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }

    fn answer(&self) -> Answer {
        let error = json!({ "error": { "code": self.code, "message": self.message } });
        Answer::json(self.status, MEDIA_TYPE, &error)
    }
}

pub(super) fn answer(state: &mut State, request: &Request) -> Reply {
    let Some((endpoint, address)) = endpoint::route(&request.method, &request.path) else {
        let error = ArmError::new(404, "InvalidResourceType", "No such path or method.");
        return Reply::Answer(error.answer());
    };
    let fault = state.faults.take(&endpoint);
    if fault == Some(Fault::RequestLost) {
        return Reply::HangUp;
    }
    let answer = before(state, request, endpoint, &address, fault.as_ref())
        .and_then(|()| perform(state, request, endpoint, &address))
        .unwrap_or_else(|error| error.answer());
    after(state, answer, fault)
}

fn before(
    state: &State,
    request: &Request,
    endpoint: Endpoint,
    address: &Address,
    fault: Option<&Fault>,
) -> Result<(), ArmError> {
    match fault {
        Some(Fault::Throttled) => {
            return Err(ArmError::new(429, "TooManyRequests", "Slow down."));
        }
        Some(Fault::ErrorBefore) => return Err(broken()),
        Some(Fault::Error { status, code }) => {
            return Err(ArmError::new(*status, code, "As asked."));
        }
        _ => {}
    }
    if endpoint == Endpoint::Token {
        return Ok(());
    }
    let bearer = request
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "));
    if !bearer.is_some_and(|bearer| state.tokens.iter().any(|token| token == bearer)) {
        let message = "Authentication failed. The access token is missing, expired or invalid.";
        return Err(ArmError::new(401, "ExpiredAuthenticationToken", message));
    }
    let query = form::pairs(&request.query);
    if form::first(&query, "api-version").is_none_or(|version| version < "2022-03-01") {
        let message =
            "The api-version query parameter (?api-version=) is required for all requests.";
        return Err(ArmError::new(400, "MissingApiVersionParameter", message));
    }
    if request.method == "POST" && request.header("content-length").is_none() {
        return Err(ArmError::new(
            411,
            "LengthRequired",
            "A POST must have a length.",
        ));
    }
    if state.denied.contains(&endpoint) {
        let message = format!("The client does not have authorization to perform {endpoint:?}.");
        return Err(ArmError::new(403, "AuthorizationFailed", &message));
    }
    there(state, endpoint, address)
}

fn there(state: &State, endpoint: Endpoint, address: &Address) -> Result<(), ArmError> {
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let app = &state.app;
    if !same(&address.subscription, &app.subscription) {
        return Err(ArmError::new(
            404,
            "SubscriptionNotFound",
            "No such subscription.",
        ));
    }
    if endpoint == Endpoint::Operation {
        return Ok(());
    }
    if !same(&address.group, &app.group) {
        return Err(ArmError::new(
            404,
            "ResourceGroupNotFound",
            "No such resource group.",
        ));
    }
    if !same(&address.app, &app.name) || app.template.is_null() {
        return Err(ArmError::new(
            404,
            "ResourceNotFound",
            "No such container app.",
        ));
    }
    Ok(())
}

fn perform(
    state: &mut State,
    request: &Request,
    endpoint: Endpoint,
    address: &Address,
) -> Result<Answer, ArmError> {
    let ok = |body: Value| Answer::json(200, MEDIA_TYPE, &body);
    Ok(match endpoint {
        Endpoint::Token => entra::token(state, request, &address.item),
        Endpoint::GetApp => ok(state.app.describe()),
        Endpoint::ListSecrets => ok(state.app.list_secrets()),
        Endpoint::PatchApp | Endpoint::PutApp => return change(state, request, endpoint),
        Endpoint::ListRevisions => ok(list(
            state.app.revisions.iter().map(Revision::describe).collect(),
        )),
        Endpoint::GetRevision => ok(revision(state, &address.item)?.describe()),
        Endpoint::ListReplicas => ok(revision(state, &address.item)?.list_replicas()),
        Endpoint::RestartRevision => {
            refuse_if_busy(state)?;
            let plan = state.rollout.clone();
            let revision = revision(state, &address.item)?;
            if !revision.active {
                return Err(ArmError::new(400, "RevisionNotActive", "It is not active."));
            }
            revision.restart(plan);
            ok(json!("success"))
        }
        Endpoint::Operation => look(state, &address.item)?,
    })
}

fn revision<'a>(state: &'a mut State, name: &str) -> Result<&'a mut Revision, ArmError> {
    let mut revisions = state.app.revisions.iter_mut();
    revisions
        .find(|revision| revision.name == name)
        .ok_or_else(|| ArmError::new(404, "ResourceNotFound", "No such revision."))
}

fn refuse_if_busy(state: &State) -> Result<(), ArmError> {
    match state.is_busy() {
        false => Ok(()),
        true => {
            let message = format!(
                "Cannot modify a container app '{}' because there is an active provisioning operation in progress.",
                state.app.name
            );
            Err(ArmError::new(
                409,
                "ContainerAppOperationInProgress",
                &message,
            ))
        }
    }
}

fn change(state: &mut State, request: &Request, endpoint: Endpoint) -> Result<Answer, ArmError> {
    refuse_if_busy(state)?;
    let media_type = request.header("content-type").unwrap_or_default();
    let body: Value = serde_json::from_slice(&request.body)
        .ok()
        .filter(|body: &Value| body.is_object() && media_type.starts_with("application/json"))
        .ok_or_else(|| {
            ArmError::new(400, "InvalidRequestContent", "The body is no JSON object.")
        })?;
    let change = match endpoint {
        Endpoint::PutApp => {
            let list = body["properties"]["configuration"]["secrets"].as_array();
            let list = list.map(Vec::as_slice).unwrap_or_default();
            patch::secrets(&state.app, list).map(Change::Secrets)?
        }
        _ => patch::read(&state.app, &body)?,
    };
    let id = state.begin(change);
    if state.pace.at_once {
        state.tick();
        return Ok(Answer::json(200, MEDIA_TYPE, &state.app.describe()));
    }
    let mut answer = match endpoint {
        Endpoint::PutApp => Answer::json(201, MEDIA_TYPE, &state.app.describe()),
        _ => accepted(),
    };
    let result = state.operation_url(&id, "containerappOperationResults");
    answer.headers.push(("location", result));
    if !state.pace.by_location {
        let status = state.operation_url(&id, "containerappOperationStatuses");
        answer.headers.push(("azure-asyncoperation", status));
    }
    wait(&mut answer, state.pace.retry_after);
    Ok(answer)
}

fn look(state: &State, id: &str) -> Result<Answer, ArmError> {
    let operation = state
        .operations
        .iter()
        .find(|operation| operation.id == id)
        .ok_or_else(|| ArmError::new(404, "NotFound", "No such operation."))?;
    let mut answer = match (&operation.pace, operation.over) {
        (pace, true) if pace.by_location => match &pace.fails {
            Some(code) => ArmError::new(400, code, "As asked.").answer(),
            None => Answer::json(200, MEDIA_TYPE, &state.app.describe()),
        },
        (pace, false) if pace.by_location => accepted(),
        _ => Answer::json(200, MEDIA_TYPE, &operation.status()),
    };
    if !operation.over {
        wait(&mut answer, operation.pace.retry_after);
    }
    Ok(answer)
}

fn accepted() -> Answer {
    Answer {
        headers: Vec::new(),
        ..Answer::raw(202, MEDIA_TYPE, Vec::new())
    }
}

fn wait(answer: &mut Answer, seconds: Option<u32>) {
    if let Some(seconds) = seconds {
        answer.headers.push(("retry-after", seconds.to_string()));
    }
}

fn after(state: &mut State, mut answer: Answer, fault: Option<Fault>) -> Reply {
    match fault {
        Some(Fault::AnswerLost) => return Reply::HangUp,
        Some(Fault::AnswerCut) => answer.cut = true,
        Some(Fault::Slow(delay)) => answer.delay = delay,
        Some(Fault::ErrorAfter) => answer = broken().answer(),
        Some(Fault::Throttled) => wait(&mut answer, Some(1)),
        Some(Fault::Garbage) => {
            answer = Answer::raw(200, "text/html", b"<html>it's {fine}</html>".to_vec());
        }
        Some(Fault::SecondWriter { name, value }) => {
            state.app.set(&name, Secret::Value(value));
            state.app.touch();
        }
        _ => {}
    }
    Reply::Answer(answer)
}

fn broken() -> ArmError {
    ArmError::new(500, "InternalServerError", "Something broke.")
}
