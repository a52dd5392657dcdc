//! Projects, their environments and what runs in them. An execution names no runner: it is found
//! through the default runner of its environment.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::answers::{ok, page, problem};
use super::behaviour::Role;
use super::state::State;
use crate::server::{Answer, Request, form};

const STATUSES: [&str; 7] = [
    "RUNNING",
    "SUCCESS",
    "FAILED",
    "CANCELLING",
    "CANCELLED",
    "SKIPPED",
    "UNKNOWN",
];

/// One run of a pipeline.
#[derive(Clone, Debug)]
pub struct Execution {
    /// `pipelineExecutionId`.
    pub id: String,
    /// `projectId`.
    pub project_id: String,
    /// `environmentName`.
    pub environment: String,
    /// `pipelineName`.
    pub pipeline: String,
    /// `status`.
    pub status: String,
    started_at: String,
    finishes: Option<Instant>,
}

#[derive(Default)]
pub(super) struct Work {
    projects: Vec<(String, String)>,
    environments: Vec<Environment>,
    executions: Vec<Execution>,
}

struct Environment {
    project_id: String,
    name: String,
    runner_id: String,
}

impl Work {
    pub fn add_project(&mut self, name: &str) -> String {
        let id = Uuid::new_v4().to_string();
        self.projects.push((id.clone(), name.to_owned()));
        id
    }

    pub fn add_environment(&mut self, project_id: &str, name: &str, runner_id: &str) {
        self.environments.push(Environment {
            project_id: project_id.to_owned(),
            name: name.to_owned(),
            runner_id: runner_id.to_owned(),
        });
    }

    pub fn start(&mut self, project_id: &str, environment: &str, pipeline: &str) -> String {
        let id = Uuid::new_v4().to_string();
        self.executions.push(Execution {
            id: id.clone(),
            project_id: project_id.to_owned(),
            environment: environment.to_owned(),
            pipeline: pipeline.to_owned(),
            status: "RUNNING".to_owned(),
            started_at: OffsetDateTime::now_utc()
                .format(&Rfc3339)
                .unwrap_or_default(),
            finishes: None,
        });
        id
    }

    pub fn set_status(&mut self, id: &str, status: &str) {
        for execution in self
            .executions
            .iter_mut()
            .filter(|execution| execution.id == id)
        {
            status.clone_into(&mut execution.status);
            execution.finishes = None;
        }
    }

    pub fn finish_after(&mut self, id: &str, after: Duration) {
        for execution in self
            .executions
            .iter_mut()
            .filter(|execution| execution.id == id)
        {
            execution.finishes = Instant::now().checked_add(after);
        }
    }

    /// Ends what is due, except on runners that are paused: their pipelines stay active.
    pub fn tick(&mut self, now: Instant, paused: &[&str]) {
        for execution in &mut self.executions {
            let held = self.environments.iter().any(|environment| {
                environment.project_id == execution.project_id
                    && environment.name == execution.environment
                    && paused.contains(&environment.runner_id.as_str())
            });
            if !held && execution.finishes.is_some_and(|at| at <= now) {
                "SUCCESS".clone_into(&mut execution.status);
                execution.finishes = None;
            }
        }
    }
}

pub(super) fn projects(state: &State, request: &Request) -> Result<Answer, Answer> {
    let visible = state.behaviour.role == Role::SuperAdmin;
    let all = state.work.projects.iter().filter(|_| visible);
    let all = all.map(|(id, name)| json!({ "id": id, "name": name, "description": "" }));
    page(all.collect(), request)
}

pub(super) fn environments(
    state: &State,
    project_id: &str,
    request: &Request,
) -> Result<Answer, Answer> {
    if !state.work.projects.iter().any(|(id, _)| id == project_id) {
        return Err(problem(
            404,
            "Not Found",
            "Project not found.",
            &request.path,
        ));
    }
    let all = state
        .work
        .environments
        .iter()
        .filter(|e| e.project_id == project_id)
        .map(|e| {
            let runner = state
                .runner(&e.runner_id)
                .map(|runner| runner.name.as_str());
            json!({ "name": e.name, "defaultAgentId": e.runner_id, "defaultAgentName": runner })
        });
    page(all.collect(), request)
}

pub(super) fn list(state: &State, request: &Request) -> Result<Answer, Answer> {
    let query = form::pairs(&request.query);
    let wanted: Vec<&str> = query
        .iter()
        .filter(|(n, _)| n == "status")
        .map(|(_, v)| v.as_str())
        .collect();
    if let Some(word) = wanted.iter().find(|word| !STATUSES.contains(word)) {
        let detail = format!("{word} is no status.");
        return Err(problem(400, "Bad Request", &detail, &request.path));
    }
    let is = |name: &str, value: &str| form::first(&query, name).is_none_or(|want| want == value);
    let matching: Vec<&Execution> = state
        .work
        .executions
        .iter()
        .rev()
        .filter(|e| is("projectId", &e.project_id) && is("environmentName", &e.environment))
        .filter(|e| wanted.is_empty() || wanted.contains(&e.status.as_str()))
        .collect();
    let limit = form::first(&query, "limit")
        .and_then(|text| text.parse().ok())
        .unwrap_or(25);
    let limit = usize::clamp(limit, 1, 100);
    let start = match form::first(&query, "paginationToken") {
        None => 0,
        Some(token) => token
            .strip_prefix("after-")
            .and_then(|n| n.parse().ok())
            .ok_or_else(|| {
                problem(
                    400,
                    "Bad Request",
                    "The paginationToken is unknown.",
                    &request.path,
                )
            })?,
    };
    let results: Vec<Value> = matching
        .iter()
        .skip(start)
        .take(limit)
        .map(|execution| shown(execution, state.behaviour.nested_executions))
        .collect();
    let end = start + results.len();
    let mut body = json!({ "results": results });
    if end < matching.len() {
        body["more"] = format!("after-{end}").into();
    }
    Ok(ok(&body))
}

fn shown(execution: &Execution, nested: bool) -> Value {
    let body = json!({
        "pipelineExecutionId": execution.id,
        "projectId": execution.project_id,
        "environmentName": execution.environment,
        "pipelineName": execution.pipeline,
        "pipelineType": "ORCHESTRATION",
        "status": execution.status,
        "startedAt": execution.started_at,
        "trigger": "SCHEDULE",
        "user": "someone",
    });
    if nested {
        json!({ "result": body })
    } else {
        body
    }
}
