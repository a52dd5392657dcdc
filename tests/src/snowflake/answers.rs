//! From a request to what comes back: signed in, well-formed, understood, and executed at most once
//! under one request id.

use serde_json::{Value, json};
use uuid::Uuid;

use super::execute::execute;
use super::fault::Fault;
use super::state::State;
use super::statement::{self, Operation, Statement};
use crate::server::{Answer, Reply, Request, form};

const PATH: &str = "/api/v2/statements";
const MEDIA_TYPE: &str = "application/json";
const MEMBERS: [&str; 4] = ["statement", "timeout", "role", "warehouse"];

/// The status and body that a statement was answered with.
pub(super) type Answered = (u16, Value);

pub(super) fn answer(state: &mut State, request: &Request) -> Reply {
    if request.header("user-agent").is_none_or(str::is_empty) {
        return refuse(400, "391902", "The header User-Agent is missing.");
    }
    if let Some((code, why)) = state.keys.refuse(request) {
        return refuse(401, code, &why);
    }
    let place = request.path.strip_prefix(PATH);
    match (request.method.as_str(), place) {
        ("POST", Some("")) => submit(state, request),
        ("GET", Some(handle)) if handle.starts_with('/') => progress(state, &handle[1..]),
        (_, Some(_)) => refuse(405, "391905", "Method not allowed."),
        (_, None) => refuse(404, "391904", "Not found."),
    }
}

fn submit(state: &mut State, request: &Request) -> Reply {
    let query = form::pairs(&request.query);
    let id = form::first(&query, "requestId");
    if id.is_some_and(|id| Uuid::parse_str(id).is_err()) {
        return refuse(400, "391903", "requestId is no UUID.");
    }
    let Some(body) = well_formed(request) else {
        return refuse(400, "391901", "The body is not as described.");
    };
    let handle = Uuid::new_v4().to_string();
    let Some(statement) = statement::read(body["statement"].as_str().unwrap_or_default()) else {
        let syntax = "SQL compilation error: syntax error";
        return Reply::Answer(sent(failed("001003", "42000", syntax, &handle)));
    };
    state.seen.push(statement.operation);
    let fault = state.faults.take(&statement.operation);
    if fault == Some(Fault::RequestLost) {
        return Reply::HangUp;
    }
    let again = id.filter(|_| form::first(&query, "retry") == Some("true"));
    let before = again.and_then(|id| state.executed.iter().find(|(own, _)| own == id));
    let answered = match before {
        Some((_, answered)) => answered.clone(),
        None => {
            let answered = match refused(state, &body, &statement, fault.as_ref(), &handle) {
                Some(refusal) => refusal,
                None => execute(state, &statement, &body, &handle),
            };
            if let (Some(id), 200) = (id, answered.0) {
                state.executed.push((id.to_owned(), answered.clone()));
            }
            answered
        }
    };
    let looks = match &fault {
        Some(Fault::Running(looks)) => Some(*looks),
        _ if form::first(&query, "async") == Some("true") => Some(1),
        _ => None,
    };
    let answered = match looks.filter(|_| answered.0 == 200) {
        None => answered,
        Some(looks) => {
            let handle = answered.1["statementHandle"].as_str().unwrap_or_default();
            let running = in_progress(handle);
            state
                .running
                .push((handle.to_owned(), looks, answered.clone()));
            running
        }
    };
    after(state, fault, answered)
}

/// The body, if it is one that the description allows and names a role.
fn well_formed(request: &Request) -> Option<Value> {
    let media_type = request.header("content-type").unwrap_or(MEDIA_TYPE);
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    let known = body
        .as_object()?
        .keys()
        .all(|name| MEMBERS.contains(&name.as_str()));
    let typed = body["statement"].is_string()
        && body["role"].is_string()
        && body["timeout"].as_i64().is_some_and(|seconds| seconds >= 0)
        && (body["warehouse"].is_null() || body["warehouse"].is_string());
    (media_type.starts_with(MEDIA_TYPE) && known && typed).then_some(body)
}

/// Why nothing is executed.
fn refused(
    state: &State,
    body: &Value,
    statement: &Statement,
    fault: Option<&Fault>,
    handle: &str,
) -> Option<Answered> {
    match fault {
        Some(Fault::Throttled) => {
            return Some((
                429,
                json!({ "code": "390001", "message": "Too many requests." }),
            ));
        }
        Some(Fault::ErrorBefore) => {
            return Some((503, json!({ "message": "Service unavailable." })));
        }
        Some(Fault::Error { code, state }) => {
            return Some(failed(code, state, "As asked.", handle));
        }
        _ => {}
    }
    if body["role"] != state.role {
        let why = "Role does not exist or not authorized.";
        return Some(failed("390189", "08004", why, handle));
    }
    state.denied.contains(&statement.operation).then(|| {
        let why = "SQL access control error: Insufficient privileges to operate on it.";
        failed("003001", "42501", why, handle)
    })
}

fn progress(state: &mut State, handle: &str) -> Reply {
    state.seen.push(Operation::Progress);
    let fault = state.faults.take(&Operation::Progress);
    if fault == Some(Fault::RequestLost) {
        return Reply::HangUp;
    }
    let found = state.running.iter_mut().find(|(own, ..)| own == handle);
    let answered = match (found, &fault) {
        (_, Some(Fault::Throttled)) => (429, Value::Null),
        (_, Some(Fault::ErrorBefore)) => (503, Value::Null),
        (_, Some(Fault::Error { code, state })) => failed(code, state, "As asked.", handle),
        (None, _) => (
            404,
            json!({ "code": "391906", "message": "No such statement." }),
        ),
        (Some((_, 0, answered)), _) => answered.clone(),
        (Some((_, looks, _)), _) => {
            *looks -= 1;
            in_progress(handle)
        }
    };
    after(state, fault, answered)
}

fn after(state: &mut State, fault: Option<Fault>, answered: Answered) -> Reply {
    let mut answer = sent(answered);
    match fault {
        Some(Fault::AnswerLost) => return Reply::HangUp,
        Some(Fault::AnswerCut) => answer.cut = true,
        Some(Fault::Slow(delay)) => answer.delay = delay,
        Some(Fault::ErrorAfter) => answer = sent((500, Value::Null)),
        Some(Fault::Garbage) => {
            answer = Answer::raw(200, "text/html", b"<html>it's {fine}</html>".to_vec());
        }
        Some(Fault::SecondWriter(value)) => {
            for secret in &mut state.secrets {
                secret.value.clone_from(&value);
            }
        }
        _ => {}
    }
    Reply::Answer(answer)
}

fn sent((status, body): Answered) -> Answer {
    let mut answer = Answer::json(status, MEDIA_TYPE, &body);
    if status == 429 {
        answer.headers.push(("retry-after", "1".to_owned()));
    }
    answer
}

fn refuse(status: u16, code: &str, why: &str) -> Reply {
    Reply::Answer(sent((status, json!({ "code": code, "message": why }))))
}

fn in_progress(handle: &str) -> Answered {
    let body = json!({
        "code": "333334",
        "message": "Asynchronous execution in progress. Use provided query id to perform query monitoring and management.",
        "statementHandle": handle,
        "statementStatusUrl": format!("{PATH}/{handle}"),
    });
    (202, body)
}

/// A statement that could not be executed.
pub(super) fn failed(code: &str, state: &str, why: &str, handle: &str) -> Answered {
    let body = json!({
        "code": code, "sqlState": state, "message": why, "statementHandle": handle,
    });
    (422, body)
}
