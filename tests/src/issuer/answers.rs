//! One request from door to answer: route, fault, token, deed.

use serde_json::{Value, json};

use super::endpoint::{Endpoint, Fault, route};
use super::state::State;
use super::{agents, commands, executions, token};
use crate::server::{Answer, Reply, Request, form};

pub(super) fn answer(state: &mut State, request: &Request) -> Reply {
    let prefix = state.behaviour.prefix.clone();
    let Some((endpoint, id)) = route(&prefix, &request.method, &request.path) else {
        let answer = problem(404, "Not Found", "No such endpoint.", &request.path);
        return Reply::Answer(answer);
    };
    let fault = state.faults.take(&endpoint);
    if let Some(reply) = fault.and_then(|fault| before(fault, request)) {
        return reply;
    }
    let answer = perform(state, endpoint, &id, request, fault).unwrap_or_else(|refused| refused);
    after(answer, fault, request)
}

fn before(fault: Fault, request: &Request) -> Option<Reply> {
    let path = &request.path;
    let answer = match fault {
        Fault::RequestLost => return Some(Reply::HangUp),
        Fault::ErrorBefore(status) => problem(status, "Refused", "Nothing was done.", path),
        Fault::Unauthorized => problem(401, "Unauthorized", "The token has expired.", path),
        Fault::TooManyRequests(seconds) => {
            let mut answer = problem(429, "Too Many Requests", "The limit is reached.", path);
            answer.headers.push(("retry-after", seconds.to_string()));
            answer
        }
        _ => return None,
    };
    Some(Reply::Answer(answer))
}

fn perform(
    state: &mut State,
    endpoint: Endpoint,
    id: &str,
    request: &Request,
    fault: Option<Fault>,
) -> Result<Answer, Answer> {
    if endpoint == Endpoint::Token {
        return Ok(token::grant(state, request));
    }
    token::admit(state, request)?;
    match endpoint {
        Endpoint::Token => unreachable!("answered above"),
        Endpoint::ListRunners => agents::list(state, request),
        Endpoint::GetRunner => agents::get(state, id, request),
        Endpoint::GetCredential => agents::credential(state, id, request, fault),
        Endpoint::RefreshCredential => agents::refresh(state, id, request, fault),
        Endpoint::Command => commands::command(state, id, request),
        Endpoint::Projects => executions::projects(state, request),
        Endpoint::Environments => executions::environments(state, id, request),
        Endpoint::Executions => executions::list(state, request),
    }
}

fn after(mut answer: Answer, fault: Option<Fault>, request: &Request) -> Reply {
    match fault {
        Some(Fault::AnswerLost) => return Reply::HangUp,
        Some(Fault::AnswerCut) => answer.cut = true,
        Some(Fault::Slow(delay)) => answer.delay = delay,
        Some(Fault::Garbage) => {
            answer = Answer::raw(200, "text/html", b"<html>it's {fine}</html>".to_vec());
        }
        Some(Fault::ErrorAfter(status)) => {
            answer = problem(
                status,
                "Internal Server Error",
                "Something broke.",
                &request.path,
            );
        }
        _ => {}
    }
    Reply::Answer(answer)
}

pub(super) fn ok(body: &Value) -> Answer {
    Answer::json(200, "application/json", body)
}

/// An error as RFC 7807 has it.
pub(super) fn problem(status: u16, title: &str, detail: &str, instance: &str) -> Answer {
    let slug = title.to_lowercase().replace(' ', "-");
    let body = json!({
        "type": format!("https://api.matillion.com/problems/{slug}"),
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
    });
    Answer::json(status, "application/problem+json", &body)
}

/// One page of `all`, by the query's `page` (from 0) and `size` (1 to 100, 25 if not given).
pub(super) fn page(all: Vec<Value>, request: &Request) -> Result<Answer, Answer> {
    let query = form::pairs(&request.query);
    let number = |name, default| match form::first(&query, name) {
        None => Some(default),
        Some(text) => text.parse::<usize>().ok(),
    };
    let (Some(page), Some(size @ 1..=100)) = (number("page", 0), number("size", 25)) else {
        let detail = "page counts from 0, size from 1 to 100.";
        return Err(problem(400, "Bad Request", detail, &request.path));
    };
    let total = all.len();
    let results: Vec<Value> = all.into_iter().skip(page * size).take(size).collect();
    Ok(ok(
        &json!({ "results": results, "page": page, "size": size, "total": total }),
    ))
}

/// The body as a JSON object.
pub(super) fn object(request: &Request) -> Result<Value, Answer> {
    serde_json::from_slice(&request.body)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| {
            let detail = "Failed to read request. Please check your request body.";
            problem(400, "Bad Request", detail, &request.path)
        })
}
