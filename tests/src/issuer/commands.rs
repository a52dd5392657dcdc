//! PAUSE, RESUME and RESTART. A pause outlives a restart, and a restart reaches only a runner
//! that is connected.

use super::agents::find;
use super::answers::{object, problem};
use super::runner::{Change, Pause};
use super::state::State;
use crate::server::{Answer, Request};

pub(super) fn command(state: &mut State, id: &str, request: &Request) -> Result<Answer, Answer> {
    find(state, id, request)?;
    let body = object(request)?;
    let (pause_delay, restart_delay) = (state.behaviour.pause_delay, state.behaviour.restart_delay);
    let Some(runner) = state.runner_mut(id) else {
        return Err(problem(404, "Not Found", "Agent not found.", &request.path));
    };
    match body["command"].as_str() {
        Some("PAUSE") if runner.pause == Pause::None => {
            runner.pause = Pause::Pausing;
            runner.plan(pause_delay, Change::Paused);
        }
        Some("PAUSE") => {}
        Some("RESUME") => {
            runner.pause = Pause::None;
            runner
                .due
                .retain(|(_, change)| !matches!(change, Change::Paused));
        }
        Some("RESTART") if runner.connected => {
            runner.connected = false;
            runner.restarting = true;
            let pair = runner.held.clone();
            runner.plan(restart_delay, Change::Connect(pair));
        }
        Some("RESTART") => {}
        _ => {
            let detail = "command must be one of RESTART, PAUSE, RESUME.";
            return Err(problem(400, "Bad Request", detail, &request.path));
        }
    }
    Ok(Answer::raw(202, "application/json", Vec::new()))
}
