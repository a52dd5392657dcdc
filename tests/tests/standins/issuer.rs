//! The issuer as documented: tokens, runners, credentials, commands, executions.

use std::time::Duration;

use keyferry_tests::client::{Received, send};
use keyferry_tests::issuer::{Endpoint, Fault, Issuer, Pair, Role, RunnerSpec, Spelling};
use serde_json::{Value, json};

use crate::eventually;

/// A signed-in caller.
pub struct Caller<'a> {
    pub issuer: &'a Issuer,
    token: String,
}

impl<'a> Caller<'a> {
    pub fn new(issuer: &'a Issuer) -> Self {
        let answer = sign_in(issuer, &issuer.api_credential()).expect("an answer");
        let token = answer.json().expect("JSON")["access_token"]
            .as_str()
            .expect("a token")
            .into();
        Self { issuer, token }
    }

    pub fn try_call(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Received> {
        let url = format!("{}/v1/{path}", self.issuer.base_url());
        let headers = [("authorization".to_owned(), format!("Bearer {}", self.token))];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        send(method, &url, &headers, body.as_bytes())
    }

    pub fn get(&self, path: &str) -> Received {
        self.try_call("GET", path, &Value::Null).expect("an answer")
    }

    pub fn json(&self, path: &str) -> Value {
        self.get(path).json().expect("JSON")
    }

    pub fn refresh(&self, id: &str) -> anyhow::Result<Received> {
        let body = json!({ "action": "SECRET_REFRESH" });
        self.try_call("POST", &format!("agents/{id}/credentials"), &body)
    }

    fn command(&self, id: &str, command: &str) -> u16 {
        let body = json!({ "command": command });
        let path = format!("agents/{id}/commands");
        self.try_call("POST", &path, &body)
            .expect("an answer")
            .status
    }

    fn status(&self, id: &str) -> String {
        self.json(&format!("agents/{id}"))["agentStatus"]
            .as_str()
            .expect("a status")
            .to_owned()
    }
}

fn sign_in(issuer: &Issuer, pair: &Pair) -> anyhow::Result<Received> {
    let code = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&audience=x",
        code(&pair.client_id),
        code(&pair.client_secret),
    );
    let kind = "application/x-www-form-urlencoded".to_owned();
    send(
        "POST",
        &issuer.token_url(),
        &[("content-type".to_owned(), kind)],
        form.as_bytes(),
    )
}

pub fn with_runner() -> (Issuer, String, Pair) {
    let issuer = Issuer::start().expect("an issuer");
    let spec = RunnerSpec::fargate("etl-prod");
    let id = spec.id.clone();
    let pair = issuer.add_runner(spec);
    (issuer, id, pair)
}

#[test]
fn a_token_is_needed_and_ends() {
    let (issuer, id, _) = with_runner();
    issuer.configure(|behaviour| behaviour.token_lifetime = Duration::ZERO);
    let expired = Caller::new(&issuer);
    assert_eq!(expired.get(&format!("agents/{id}")).status, 401);
    let wrong = Pair::new(&issuer.api_credential().client_id, "wrong");
    let refused = sign_in(&issuer, &wrong).expect("an answer");
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json().expect("JSON")["error"], "invalid_client");
}

#[test]
fn a_runner_signs_in_with_its_live_pair_only_and_may_manage_nothing() {
    let (issuer, id, old) = with_runner();
    let granted = sign_in(&issuer, &old).expect("an answer");
    assert_eq!(granted.status, 200);
    let token = granted.json().expect("JSON")["access_token"]
        .as_str()
        .expect("text")
        .to_owned();
    let as_runner = Caller {
        issuer: &issuer,
        token,
    };
    assert_eq!(
        as_runner.get(&format!("agents/{id}/credentials")).status,
        403
    );
    issuer.refresh_behind(&id);
    assert_eq!(sign_in(&issuer, &old).expect("an answer").status, 401);
    assert_eq!(
        sign_in(&issuer, &issuer.credential(&id))
            .expect("an answer")
            .status,
        200
    );
    issuer.configure(|behaviour| behaviour.tokens_for_runners = false);
    assert_eq!(
        sign_in(&issuer, &issuer.credential(&id))
            .expect("an answer")
            .status,
        401
    );
}

#[test]
fn a_refresh_kills_the_old_pair_and_only_the_live_one_connects() {
    let (issuer, id, old) = with_runner();
    let caller = Caller::new(&issuer);
    let fresh = caller
        .refresh(&id)
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(fresh["clientId"], old.client_id.as_str());
    assert_ne!(fresh["clientSecret"], old.client_secret.as_str());
    assert_eq!(caller.json(&format!("agents/{id}/credentials")), fresh);
    eventually("the runner is cut off", || !issuer.runner(&id).connected);
    assert_eq!(caller.status(&id), "unknown");

    issuer.runner_started_with(&id, &old.client_id, &old.client_secret);
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(
        caller.status(&id),
        "unknown",
        "the old pair must not connect"
    );

    let live = issuer.credential(&id);
    issuer.runner_started_with(&id, &live.client_id, &live.client_secret);
    eventually("the runner is back", || issuer.runner(&id).connected);
    assert_eq!(caller.status(&id), "running");
    assert_eq!(issuer.refreshes(&id), 1);
}

#[test]
fn a_pause_takes_a_while_outlives_a_restart_and_leaves_executions_running() {
    let (issuer, id, _) = with_runner();
    let project = issuer.add_project("sales");
    issuer.add_environment(&project, "prod", &id);
    let execution = issuer.start_execution(&project, "prod", "nightly");
    issuer.configure(|behaviour| {
        behaviour.pause_delay = Duration::from_millis(300);
        behaviour.restart_delay = Duration::from_millis(300);
    });
    let caller = Caller::new(&issuer);
    assert_eq!(caller.command(&id, "PAUSE"), 202);
    issuer.finish_execution_after(&execution, Duration::from_millis(10));
    assert_eq!(caller.status(&id), "pausing");
    eventually("it is paused", || caller.status(&id) == "paused");
    assert!(caller.json(&format!("agents/{id}"))["pausedUntil"].is_string());
    assert_eq!(caller.command(&id, "RESTART"), 202);
    assert!(!issuer.runner(&id).connected);
    eventually("it is connected again", || issuer.runner(&id).connected);
    assert_eq!(caller.status(&id), "paused");
    std::thread::sleep(Duration::from_millis(40));
    let path = format!("pipeline-executions?projectId={project}&status=RUNNING");
    assert_eq!(
        caller.json(&path)["results"][0]["pipelineExecutionId"],
        execution.as_str()
    );
    assert_eq!(caller.command(&id, "RESUME"), 202);
    assert_eq!(caller.status(&id), "running");
    eventually("the pipeline ends", || {
        caller.json(&path)["results"] == json!([])
    });
    assert_eq!(caller.command(&id, "DANCE"), 400);
}

#[test]
fn lists_come_in_pages() {
    let issuer = Issuer::start().expect("an issuer");
    for number in 0..7 {
        issuer.add_runner(RunnerSpec::fargate(&format!("r{number}")));
    }
    let caller = Caller::new(&issuer);
    let last = caller.json("agents?page=2&size=3");
    assert_eq!(last["total"], 7);
    assert_eq!(last["results"].as_array().map(Vec::len), Some(1));
    assert_eq!(last["results"][0]["name"], "r6");
    assert_eq!(caller.get("agents?size=101").status, 400);

    let project = issuer.add_project("p");
    let ids: Vec<String> = (0..5)
        .map(|_| issuer.start_execution(&project, "e", "x"))
        .collect();
    issuer.set_execution_status(&ids[0], "CANCELLING");
    issuer.set_execution_status(&ids[1], "SUCCESS");
    let path = "pipeline-executions?status=RUNNING&status=CANCELLING&limit=3";
    let first = caller.json(path);
    let more = first["more"].as_str().expect("there is more");
    let second = caller.json(&format!("{path}&paginationToken={more}"));
    assert_eq!(first["results"].as_array().map(Vec::len), Some(3));
    assert_eq!(second["results"].as_array().map(Vec::len), Some(1));
    assert_eq!(second["results"][0]["pipelineExecutionId"], ids[0].as_str());
    assert!(second["more"].is_null());
    assert_eq!(caller.get("pipeline-executions?status=RUNING").status, 400);
}

#[test]
fn spelling_extra_fields_prefix_and_role_can_be_set() {
    let (issuer, id, _) = with_runner();
    let path = format!("agents/{id}");
    let caller = Caller::new(&issuer);
    issuer.configure(|behaviour| {
        behaviour.spelling = Spelling::Title;
        behaviour.extra_fields = true;
    });
    assert_eq!(caller.status(&id), "Running");
    assert!(caller.json(&path)["x-next"].is_object());
    issuer.change_runner(&id, |runner| {
        runner.status_word = Some("HIBERNATING".to_owned())
    });
    assert_eq!(caller.status(&id), "HIBERNATING");
    issuer.configure(|behaviour| behaviour.prefix = String::new());
    assert_eq!(caller.get(&path).status, 200);
    issuer.configure(|behaviour| behaviour.role = Role::Member);
    let refused = caller.get(&path);
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.header("content-type"),
        Some("application/problem+json")
    );
}

#[test]
fn a_fault_is_taken_as_often_as_planned() {
    let (issuer, id, _) = with_runner();
    issuer.fail_times(Endpoint::GetRunner, Fault::TooManyRequests(7), 2);
    issuer.fail(Endpoint::GetRunner, Fault::ErrorBefore(503));
    let caller = Caller::new(&issuer);
    let statuses: Vec<u16> = (0..4)
        .map(|_| caller.get(&format!("agents/{id}")).status)
        .collect();
    assert_eq!(statuses, [429, 429, 503, 200]);
    let seen = issuer.requests_to(Endpoint::GetRunner);
    assert_eq!(
        seen.iter().filter_map(|s| s.status).collect::<Vec<_>>(),
        statuses
    );
    assert_eq!(issuer.count(Endpoint::Token), 1);
}
