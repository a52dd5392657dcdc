//! The token endpoint and what a bearer token may do.

use std::time::Instant;

use serde_json::json;
use uuid::Uuid;

use super::answers::problem;
use super::runner::Pair;
use super::state::State;
use crate::server::{Answer, Request, form};

pub(super) struct Grant {
    until: Instant,
    operator: bool,
}

pub(super) fn grant(state: &mut State, request: &Request) -> Answer {
    let form_type = "application/x-www-form-urlencoded";
    if !request
        .header("content-type")
        .is_some_and(|value| value.starts_with(form_type))
    {
        return refusal(400, "invalid_request", "The body must be a form.");
    }
    let Ok(body) = std::str::from_utf8(&request.body) else {
        return refusal(400, "invalid_request", "The body is not UTF-8.");
    };
    let fields = form::pairs(body);
    if form::first(&fields, "grant_type") != Some("client_credentials") {
        return refusal(
            400,
            "unsupported_grant_type",
            "Only client_credentials is granted.",
        );
    }
    let pair = Pair::new(
        form::first(&fields, "client_id").unwrap_or_default(),
        form::first(&fields, "client_secret").unwrap_or_default(),
    );
    let operator = pair == state.api;
    let runner = state.behaviour.tokens_for_runners
        && state.runners.iter().any(|runner| runner.credential == pair);
    if !operator && !runner {
        return refusal(
            401,
            "invalid_client",
            "The client id or the client secret is wrong.",
        );
    }
    let token = Uuid::new_v4().simple().to_string();
    let lifetime = state.behaviour.token_lifetime;
    state.tokens.insert(
        token.clone(),
        Grant {
            until: Instant::now() + lifetime,
            operator,
        },
    );
    let answer = json!({
        "access_token": token,
        "expires_in": lifetime.as_secs(),
        "token_type": "Bearer",
        "scope": "pipeline-execution",
    });
    Answer::json(200, "application/json", &answer)
}

/// Whether this request comes from the operator; otherwise how it is refused.
pub(super) fn admit(state: &State, request: &Request) -> Result<(), Answer> {
    let token = request
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "));
    let grant = token.and_then(|token| state.tokens.get(token));
    match grant {
        Some(grant) if grant.until <= Instant::now() => Err(problem(
            401,
            "Unauthorized",
            "The token has expired.",
            &request.path,
        )),
        None => Err(problem(
            401,
            "Unauthorized",
            "A bearer token is needed.",
            &request.path,
        )),
        Some(grant) if !grant.operator => Err(problem(
            403,
            "Forbidden",
            "A runner may not use this endpoint.",
            &request.path,
        )),
        Some(_) => Ok(()),
    }
}

fn refusal(status: u16, error: &str, description: &str) -> Answer {
    let body = json!({ "error": error, "error_description": description });
    Answer::json(status, "application/json", &body)
}
