//! The stand-in is believed by the other tests, so it is tested itself.

use keyferry_tests::azure::{Azure, Container, Endpoint, Fault, Outcome, Pace, Rollout, Secret};
use keyferry_tests::client::{self, Received};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const VERSION: &str = "api-version=2025-01-01";

struct Caller {
    azure: Azure,
    token: String,
    base: String,
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

impl Caller {
    fn new() -> Self {
        let azure = Azure::start().expect("a stand-in");
        let Container {
            subscription,
            group,
            app,
            ..
        } = azure.seed_etl("runner", "id", "secret");
        let base = format!(
            "{}/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.App/containerApps/{app}",
            azure.origin()
        );
        let token = sign_in(&azure, &azure.principal().client_secret).expect("a token");
        Self { azure, token, base }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<(u16, Value)> {
        let answer = self.send(method, path, body)?;
        Ok((answer.status, answer.json().unwrap_or_default()))
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Received> {
        let url = format!("{}{path}?{VERSION}", self.base);
        let headers = [
            pair("authorization", &format!("Bearer {}", self.token)),
            pair("content-type", "application/json"),
        ];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        client::send(method, &url, &headers, body.as_bytes())
    }

    fn patch(&self, secrets: Value) -> (u16, Value) {
        let body = json!({ "location": "westeurope", "properties": { "configuration": { "secrets": secrets } } });
        self.ask("PATCH", "", &body).expect("an answer")
    }

    fn secrets(&self) -> Value {
        self.ask("POST", "/listSecrets", &Value::Null)
            .expect("an answer")
            .1["value"]
            .clone()
    }
}

fn sign_in(azure: &Azure, secret: &str) -> Option<String> {
    let principal = azure.principal();
    let url = format!(
        "{}/{}/oauth2/v2.0/token",
        azure.origin(),
        principal.tenant_id
    );
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={secret}&scope=https%3A%2F%2Fmanagement.azure.com%2F.default",
        principal.client_id
    );
    let answer = client::send("POST", &url, &[], form.as_bytes()).expect("an answer");
    answer.json().ok()?["access_token"]
        .as_str()
        .map(str::to_owned)
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (
        answer.0,
        answer.1["error"]["code"].as_str().unwrap_or_default(),
    )
}

#[test]
fn only_a_token_of_entra_opens_the_door() {
    let mut caller = Caller::new();
    assert!(sign_in(&caller.azure, "wrong").is_none());
    assert_eq!(
        caller.ask("GET", "", &Value::Null).expect("an answer").0,
        200
    );
    caller.azure.expire_tokens();
    let answer = caller.ask("GET", "", &Value::Null).expect("an answer");
    assert_eq!(code(&answer), (401, "ExpiredAuthenticationToken"));
    caller.token =
        sign_in(&caller.azure, &caller.azure.principal().client_secret).expect("a token");
    let bare = client::send(
        "GET",
        &caller.base,
        &[pair("authorization", &format!("Bearer {}", caller.token))],
        b"",
    );
    assert_eq!(bare.expect("an answer").status, 400, "without a version");
    caller.base += "-other";
    let answer = caller.ask("GET", "", &Value::Null).expect("an answer");
    assert_eq!(code(&answer), (404, "ResourceNotFound"));
}

#[test]
fn secrets_are_written_as_a_whole_and_only_shown_when_asked_for() {
    let caller = Caller::new();
    let (_, app) = caller.ask("GET", "", &Value::Null).expect("an answer");
    assert_eq!(
        app["properties"]["configuration"]["secrets"][0],
        json!({ "name": "matillion-client-id" })
    );
    let before = caller.secrets();
    let answer = caller.patch(json!([{ "name": "matillion-client-id", "value": "x" }]));
    assert_eq!(
        code(&answer),
        (400, "ContainerAppSecretRefNotFound"),
        "others are in use"
    );
    let mut hollow = before.clone();
    hollow[1] = json!({ "name": "db-password" });
    let answer = caller.patch(hollow);
    assert_eq!(code(&answer), (400, "ContainerAppSecretInvalid"));
    assert_eq!(caller.secrets(), before);
    let mut changed = before.clone();
    changed[1]["value"] = json!("other");
    assert_eq!(caller.patch(changed.clone()).0, 202);
    assert_eq!(caller.secrets(), changed);
    let wrong = json!({ "location": "elsewhere", "properties": { "configuration": { "secrets": changed } } });
    assert_eq!(caller.ask("PATCH", "", &wrong).expect("an answer").0, 409);
}

#[test]
fn one_change_at_a_time_and_not_seen_before_its_end() {
    let caller = Caller::new();
    caller.azure.set_pace(Pace {
        duration: Duration::from_millis(80),
        retry_after: Some(1),
        ..Pace::default()
    });
    let before = caller.secrets();
    let mut changed = before.clone();
    changed[1]["value"] = json!("other");
    assert_eq!(caller.patch(changed.clone()).0, 202);
    assert_eq!(caller.secrets(), before);
    assert_eq!(caller.azure.app().provisioning_state, "InProgress");
    let answer = caller.patch(changed.clone());
    assert_eq!(code(&answer), (409, "ContainerAppOperationInProgress"));
    let end = Instant::now() + Duration::from_secs(5);
    while caller.azure.app().provisioning_state != "Succeeded" {
        assert!(Instant::now() < end, "it never ends");
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(caller.secrets(), changed);
}

#[test]
fn an_operation_tells_how_it_ended() {
    let caller = Caller::new();
    let list = caller.secrets();
    let body =
        json!({ "location": "westeurope", "properties": { "configuration": { "secrets": list } } });
    for (fails, by_location, status, said) in [
        (None, false, 200, "Succeeded"),
        (Some("Broken"), false, 200, "Failed"),
        (None, true, 200, ""),
        (Some("Broken"), true, 400, ""),
    ] {
        let fails = fails.map(str::to_owned);
        caller.azure.set_pace(Pace {
            fails,
            by_location,
            ..Pace::default()
        });
        let accepted = caller.send("PATCH", "", &body).expect("an answer");
        let header = if by_location {
            "location"
        } else {
            "azure-asyncoperation"
        };
        assert_eq!(
            accepted.header("azure-asyncoperation").is_some(),
            !by_location
        );
        let url = accepted.header(header).expect("an address");
        let url = url.replace("https://management.azure.com", &caller.azure.origin());
        let token = pair("authorization", &format!("Bearer {}", caller.token));
        let look = client::send("GET", &url, &[token], b"").expect("an answer");
        assert_eq!(look.status, status);
        assert_eq!(
            look.json().expect("JSON")["status"]
                .as_str()
                .unwrap_or_default(),
            said
        );
    }
}

#[test]
fn a_restart_replaces_the_replicas_of_an_active_revision() {
    let caller = Caller::new();
    let name = caller.azure.app().revisions[0].name.clone();
    let names = || {
        let replicas = caller.azure.app().revisions[0].replicas.clone();
        replicas
            .into_iter()
            .map(|replica| replica.name)
            .collect::<Vec<_>>()
    };
    let old = names();
    caller.azure.set_rollout(Rollout {
        duration: Duration::ZERO,
        outcome: Outcome::Complete,
    });
    let restart = format!("/revisions/{name}/restart");
    assert_eq!(
        caller
            .ask("POST", &restart, &Value::Null)
            .expect("an answer")
            .0,
        200
    );
    let new = names();
    assert_eq!((old.len(), new.len()), (2, 2));
    assert!(new.iter().all(|name| !old.contains(name)));
    caller.azure.change(|app| app.revisions[0].active = false);
    let answer = caller
        .ask("POST", &restart, &Value::Null)
        .expect("an answer");
    assert_eq!(code(&answer), (400, "RevisionNotActive"));
}

#[test]
fn a_replica_whose_secret_is_gone_does_not_start() {
    let caller = Caller::new();
    let vault = Secret::Vault {
        url: "https://v".to_owned(),
        identity: "system".to_owned(),
    };
    caller
        .azure
        .change(|app| app.set("matillion-client-secret", vault));
    caller.azure.set_rollout(Rollout {
        duration: Duration::ZERO,
        outcome: Outcome::Complete,
    });
    let name = caller.azure.app().revisions[0].name.clone();
    let restart = format!("/revisions/{name}/restart");
    caller
        .ask("POST", &restart, &Value::Null)
        .expect("an answer");
    assert!(
        caller.azure.app().revisions[0]
            .replicas
            .iter()
            .all(|replica| !replica.running)
    );
}

#[test]
fn each_fault_comes_once() {
    let caller = Caller::new();
    let error = |status| Fault::Error {
        status,
        code: "X".to_owned(),
    };
    for (fault, expected) in [
        (Fault::RequestLost, None),
        (Fault::AnswerLost, None),
        (Fault::AnswerCut, None),
        (Fault::Throttled, Some(429)),
        (Fault::ErrorBefore, Some(500)),
        (Fault::ErrorAfter, Some(500)),
        (error(418), Some(418)),
        (Fault::Slow(Duration::from_millis(5)), Some(200)),
        (Fault::Garbage, Some(200)),
    ] {
        caller.azure.fail(Endpoint::ListSecrets, fault.clone());
        let answer = caller.ask("POST", "/listSecrets", &Value::Null);
        assert_eq!(answer.ok().map(|(status, _)| status), expected, "{fault:?}");
        assert!(caller.secrets().is_array(), "{fault:?} is over");
    }
    let theirs = Fault::SecondWriter {
        name: "number".to_owned(),
        value: "1".to_owned(),
    };
    caller.azure.fail(Endpoint::ListSecrets, theirs);
    let shown = caller.secrets();
    assert_ne!(shown, caller.secrets(), "changed right after it was shown");
    caller.azure.deny(Endpoint::GetApp);
    let answer = caller.ask("GET", "", &Value::Null).expect("an answer");
    assert_eq!(code(&answer), (403, "AuthorizationFailed"));
    caller.azure.clear_faults();
    assert_eq!(
        caller.ask("GET", "", &Value::Null).expect("an answer").0,
        200
    );
}
