//! The runners and their credentials, as the API's `agents`.

use serde_json::{Value, json};

use super::answers::{object, ok, page, problem};
use super::behaviour::{Behaviour, Role};
use super::endpoint::Fault;
use super::runner::{Pair, Pause, Runner};
use super::state::State;
use crate::server::{Answer, Request};

pub(super) fn list(state: &State, request: &Request) -> Result<Answer, Answer> {
    may_manage(state, request)?;
    // The list holds summaries: no status and no connection.
    let all = state.runners.iter().map(|runner| {
        json!({
            "agentId": runner.id,
            "name": runner.name,
            "description": "",
            "agentType": runner.kind,
            "cloudProvider": runner.cloud,
            "deployment": runner.deployment,
        })
    });
    page(all.collect(), request)
}

pub(super) fn get(state: &State, id: &str, request: &Request) -> Result<Answer, Answer> {
    let runner = find(state, id, request)?;
    Ok(ok(&details(runner, &state.behaviour)))
}

pub(super) fn credential(
    state: &State,
    id: &str,
    request: &Request,
    fault: Option<Fault>,
) -> Result<Answer, Answer> {
    let runner = find(state, id, request)?;
    Ok(pair(&runner.credential, &state.behaviour, fault))
}

pub(super) fn refresh(
    state: &mut State,
    id: &str,
    request: &Request,
    fault: Option<Fault>,
) -> Result<Answer, Answer> {
    find(state, id, request)?;
    if object(request)?["action"] != "SECRET_REFRESH" {
        let detail = "action must be SECRET_REFRESH.";
        return Err(problem(400, "Bad Request", detail, &request.path));
    }
    let fresh = state
        .refresh(id, fault == Some(Fault::NewClientId))
        .ok_or_else(|| not_found(request))?;
    Ok(pair(&fresh, &state.behaviour, fault))
}

/// The runner, where it exists and the role may manage it.
pub(super) fn find<'a>(
    state: &'a State,
    id: &str,
    request: &Request,
) -> Result<&'a Runner, Answer> {
    may_manage(state, request)?;
    state.runner(id).ok_or_else(|| not_found(request))
}

fn may_manage(state: &State, request: &Request) -> Result<(), Answer> {
    if state.behaviour.role == Role::Member {
        let detail = "Your role may not manage agents.";
        return Err(problem(403, "Forbidden", detail, &request.path));
    }
    Ok(())
}

fn not_found(request: &Request) -> Answer {
    problem(404, "Not Found", "Agent not found.", &request.path)
}

fn pair(pair: &Pair, behaviour: &Behaviour, fault: Option<Fault>) -> Answer {
    let secret = if fault == Some(Fault::EmptySecret) {
        ""
    } else {
        &pair.client_secret
    };
    let mut body = json!({ "clientId": pair.client_id, "clientSecret": secret });
    add_extra(&mut body, behaviour);
    ok(&body)
}

fn details(runner: &Runner, behaviour: &Behaviour) -> Value {
    let status = match &runner.status_word {
        Some(word) => word.clone(),
        None => behaviour.spelling.spell(runner.status()),
    };
    let mut body = json!({
        "agentId": runner.id,
        "agentStatus": status,
        "agentType": runner.kind,
        "cloudProvider": runner.cloud,
        "connected": runner.connected,
        "deployment": runner.deployment,
        "description": "",
        "enableAutoUpdates": true,
        "name": runner.name,
        "restrictedAccess": false,
        "versionDetails": {
            "agentUpdateAvailable": false,
            "agentVersion": "11.98.0",
            "support": "SUPPORTED",
            "trackName": "current",
            "trackReleaseDate": "2026-01-01T00:00:00.000Z",
            "trackVersion": "11.98.0",
        },
    });
    if runner.pause == Pause::Paused {
        body["pausedUntil"] = "2099-01-01T00:00:00.000Z".into();
    }
    add_extra(&mut body, behaviour);
    body
}

fn add_extra(body: &mut Value, behaviour: &Behaviour) {
    if behaviour.extra_fields {
        body["x-next"] = json!({ "list": [1, null, { "deep": true }] });
        body["versionDetails2"] = json!(null);
    }
}
