//! Lists, lookups and executions: pages, leniency, and errors that say what to do.

use std::collections::HashMap;

use super::*;
use crate::matillion::{Cloud, Command, Error, ExecutionFilter, Status};

fn runner_json(id: usize, name: &str) -> String {
    format!(r#"{{"agentId":"id-{id}","name":"{name}","agentStatus":"RUNNING"}}"#)
}

fn query(seen: &Seen) -> HashMap<String, String> {
    let url: url::Url = format!("http://issuer{}", seen.target)
        .parse()
        .expect("a url");
    url.query_pairs().into_owned().collect()
}

/// Answers with pages of what the client asked for, unless `cap` is smaller.
async fn pages(count: usize, cap: usize, tail: fn(usize) -> String) -> (Issuer, Client) {
    issuer(move |seen| {
        let query = query(seen);
        let size = query["size"].parse::<usize>().expect("a size").min(cap);
        let page: usize = query["page"].parse().expect("a page");
        let ids = (0..count).skip(page * size).take(size);
        let results: Vec<String> = ids.map(|id| runner_json(id, "etl")).collect();
        Reply::json(
            200,
            &format!(r#"{{"results":[{}]{}}}"#, results.join(","), tail(count)),
        )
    })
    .await
}

#[tokio::test]
async fn lists_are_read_to_their_end() {
    let total = |count| format!(r#","total":{count}"#);
    let nothing = |_| String::new();
    let own_size = |_| r#","size":25"#.to_owned();
    type Tail = fn(usize) -> String;
    let table: [(usize, usize, Tail, usize); 8] = [
        (0, 100, nothing, 1),
        (1, 100, nothing, 1),
        (100, 100, nothing, 2),
        (250, 100, nothing, 3),
        (200, 100, total, 2),
        (80, 25, total, 4),
        (80, 25, own_size, 4),
        (250, 100, |_| r#","total":0"#.to_owned(), 3),
    ];
    for (count, cap, tail, requests) in table {
        let (issuer, client) = pages(count, cap, tail).await;
        let all = client.runners().await.expect("runners");
        assert_eq!(all.len(), count);
        assert_eq!(
            issuer.count("GET", "/dpc/v1/agents"),
            requests,
            "{count} by {cap}"
        );
    }
}

#[tokio::test]
async fn an_issuer_without_pages_does_not_hold_us_up() {
    let all: Vec<String> = (0..100).map(|id| runner_json(id, "etl")).collect();
    let body = format!(r#"{{"results":[{}]}}"#, all.join(","));
    let (issuer, client) = issuer(move |_| Reply::json(200, &body)).await;
    assert_eq!(client.runners().await.expect("runners").len(), 100);
    assert_eq!(issuer.count("GET", "/dpc/v1/agents"), 2);
}

#[tokio::test]
async fn a_runner_is_read_in_every_spelling() {
    let documented = r#"{"agentId":"3fa85f64-5717-4562-b3fc-2c963f66afa6","agentStatus":"running",
        "agentType":"data_productivity_cloud","cloudProvider":"google_cloud","connected":true,
        "deployment":"container app","description":"x","name":"AWS Agent",
        "pausedUntil":"2025-01-01T00:00:00.000Z","restrictedAccess":"true","unheard":{"of":[1]},
        "versionDetails":{"agentUpdateAvailable":false,"agentVersion":"1.0.0","trackName":"current"}}"#;
    let (_issuer, client) = issuer(move |_| Reply::json(206, documented)).await;
    let runner = client.runner(RUNNER).await.expect("a runner");
    assert_eq!(runner.id, RUNNER);
    assert_eq!(runner.status, Status::Running);
    assert_eq!(runner.connected, Some(true));
    assert_eq!(runner.cloud, Cloud::Gcp);
    assert_eq!(runner.deployment, "container app");
    assert_eq!(runner.kind, "data_productivity_cloud");
    assert_eq!(
        runner.paused_until.as_deref(),
        Some("2025-01-01T00:00:00.000Z")
    );
    assert_eq!(runner.version.as_deref(), Some("1.0.0"));
    assert_eq!(runner.track.as_deref(), Some("current"));
    assert_eq!(runner.update_available, Some(false));

    let bare = r#"{"agentId":"a","name":null,"connected":"TRUE","versionDetails":null}"#;
    let (_issuer, client) = issuer(move |_| Reply::json(200, bare)).await;
    let runner = client.runner(RUNNER).await.expect("a runner");
    assert_eq!((runner.name.as_str(), runner.connected), ("", Some(true)));
    assert_eq!(runner.status, Status::Unknown);
}

#[tokio::test]
async fn a_runner_is_found_by_id_or_by_a_name_of_its_own() {
    let (issuer, client) = issuer(|seen| match seen.path() {
        "/dpc/v1/agents" => Reply::json(
            200,
            &format!(
                r#"{{"results":[{},{},{}]}}"#,
                runner_json(1, "etl-prod"),
                runner_json(2, "twice"),
                runner_json(3, "twice")
            ),
        ),
        "/dpc/v1/agents/id-1" => Reply::json(200, &runner_json(1, "etl-prod")),
        _ => Reply::json(404, "{}"),
    })
    .await;
    let found = client.find_runner("etl-prod").await.expect("a runner");
    assert_eq!(found.id, "id-1");
    assert_eq!(
        issuer.count("GET", "/dpc/v1/agents/id-1"),
        1,
        "asked for its status"
    );

    let error = client.find_runner("twice").await.expect_err("two of them");
    assert_eq!(
        error.to_string(),
        "2 runners are named `twice`: use one of their ids instead: id-2, id-3"
    );
    for wanted in ["etl-prdo", "ETL-prod"] {
        let error = client.find_runner(wanted).await.expect_err("none of them");
        assert!(matches!(&error, Error::NoSuchRunner { nearest, .. } if nearest == &["etl-prod"]));
    }
    let error = client.find_runner(RUNNER).await.expect_err("none of them");
    assert!(matches!(error, Error::NoSuchRunner { .. }));
    for wanted in ["", ".", ".."] {
        assert!(matches!(
            client.runner(wanted).await,
            Err(Error::NoSuchRunner { .. })
        ));
    }
}

#[tokio::test]
async fn an_id_can_not_leave_its_place_in_the_address() {
    let (issuer, client) = issuer(|_| Reply::json(200, r#"{"agentId":"a"}"#)).await;
    client.runner("a/../b?c#d e").await.expect("an answer");
    assert_eq!(
        issuer.seen()[1].target,
        "/dpc/v1/agents/a%2F..%2Fb%3Fc%23d%20e"
    );
}

#[tokio::test]
async fn commands_are_sent_once_and_any_success_counts() {
    let words = [
        (Command::Pause, "PAUSE"),
        (Command::Resume, "RESUME"),
        (Command::Restart, "RESTART"),
    ];
    for (command, word) in words {
        let (issuer, client) = issuer(|_| Reply::json(202, "")).await;
        client.command(RUNNER, command).await.expect("accepted");
        assert_eq!(issuer.seen()[1].body, format!(r#"{{"command":"{word}"}}"#));
    }
    let faults: [fn(&Seen) -> Reply; 3] = [
        |_| Reply::json(503, ""),
        |_| Reply::Lost,
        |_| Reply::json(429, ""),
    ];
    for fault in faults {
        let (issuer, client) = issuer(fault).await;
        client
            .command(RUNNER, Command::Pause)
            .await
            .expect_err("a fault");
        assert_eq!(issuer.seen().len(), 2);
    }
}

#[tokio::test]
async fn what_runs_is_looked_for_where_the_runner_is_the_default() {
    let (issuer, client) = issuer(|seen| {
        let query = query(seen);
        match seen.path() {
            "/dpc/v1/projects" => Reply::json(200, r#"{"results":[{"id":"p1"},{"id":"p2"}]}"#),
            "/dpc/v1/projects/p1/environments" => Reply::json(
                200,
                r#"{"results":[{"name":"prod","defaultAgentId":"3FA85F64-5717-4562-B3FC-2C963F66AFA6"},
                    {"name":"dev","defaultAgentId":"another"},{"name":"none"}]}"#,
            ),
            "/dpc/v1/projects/p2/environments" => Reply::json(200, r#"{"results":[]}"#),
            _ if seen.target.contains("QUEUED") => Reply::json(400, "{}"),
            _ if query.contains_key("paginationToken") => Reply::json(
                200,
                r#"{"results":[{"pipelineExecutionId":"e3","result":{"status":"cancelling"}},
                    {"pipelineExecutionId":"e1","status":"RUNNING"}],"more":null}"#,
            ),
            _ => Reply::json(
                200,
                r#"{"results":[{"pipelineExecutionId":"e1","status":"RUNNING","environmentName":"Prod"},
                    {"pipelineExecutionId":"e2","status":"SUCCESS"},
                    {"pipelineExecutionId":"e4","status":"RUNNING","environmentName":"nonprod"},
                    {"pipelineExecutionId":"e5","status":"Dreaming"},
                    {"status":"RUNNING"},{"status":"RUNNING"}],"more":"next"}"#,
            ),
        }
    })
    .await;
    for _ in 0..2 {
        let running = client.running_executions(RUNNER).await.expect("executions");
        let ids: Vec<&str> = running
            .iter()
            .map(|execution| execution.id.as_str())
            .collect();
        assert_eq!(ids, ["", "", "e1", "e3", "e5"]);
    }
    let seen = issuer.seen();
    let asked: Vec<&Seen> = seen
        .iter()
        .filter(|seen| seen.path() == "/dpc/v1/pipeline-executions")
        .collect();
    assert!(
        asked
            .iter()
            .all(|seen| seen.target.contains("projectId=p1&environmentName=prod"))
    );
    assert!(asked[1].target.contains("status=RUNNING&status=CANCELLING"));
    let queued = asked
        .iter()
        .filter(|seen| seen.target.contains("QUEUED"))
        .count();
    assert_eq!(queued, 1, "asked for the undocumented status once only");
}

#[tokio::test]
async fn what_can_not_be_read_is_not_taken_for_nothing() {
    for body in [
        "{}",
        r#"{"results":{}}"#,
        "<html>",
        r#"{"results":[{"name":"no id"}]}"#,
    ] {
        let (_issuer, client) = issuer(move |_| Reply::json(200, body)).await;
        assert!(
            matches!(client.projects().await, Err(Error::Unreadable { .. })),
            "{body}"
        );
    }
    let (_issuer, client) = issuer(|_| Reply::json(200, "{}")).await;
    let executions = client.executions(&ExecutionFilter::default()).await;
    assert!(matches!(executions, Err(Error::Unreadable { .. })));
}

#[tokio::test]
async fn refusals_speak_the_issuers_words_and_say_what_to_do() {
    let problem = r#"{"type":"https://x","title":"Bad\u001b[31m Request","status":400,
        "detail":"Failed to read request.","violations":["size: too large"]}"#;
    let (issuer, client) = issuer(move |_| Reply::json(403, problem)).await;
    let error = client.runner("a").await.expect_err("refused");
    assert_eq!(
        error.to_string(),
        format!(
            "GET http://{}/dpc/v1/agents/a was answered with 403: Bad [31m Request: Failed to read \
             request: size: too large; the API credential's role must allow \"Manage agents\": make \
             one with the role Admin or Super Admin",
            issuer.address
        )
    );
    let filter = ExecutionFilter {
        environment: Some("in-the-query".to_owned()),
        ..ExecutionFilter::default()
    };
    let error = client.executions(&filter).await.expect_err("refused");
    assert!(!error.to_string().contains("query"), "{error}");
}
