use keyferry_sdk::FailureKind::{Conflict, Rejected, Unavailable};
use keyferry_sdk::mock::{Mock, Reply};
use keyferry_sdk::{Failure, Obstacle, Response};
use serde_json::json;

use super::{LOOKS, follow, name};
use crate::AzureContainerApps;

const OPERATION: &str = "https://management.azure.com/subscriptions/0f1e2d3c-0000-4000-8000-123456789abc/providers/Microsoft.App/locations/westeurope/containerappOperationStatuses/op-7?api-version=2025-01-01&azureAsyncOperation=true";
const STATUS: &str = "azure-asyncoperation";

fn mock() -> Mock {
    Mock::of::<AzureContainerApps>(json!({
        "subscription": "0f1e2d3c-0000-4000-8000-123456789abc",
        "resource_group": "rg",
        "app": "etl-app",
    }))
}

fn accepted(header: &str, retry_after: Option<&str>) -> Response {
    let mut headers = vec![(header.to_owned(), OPERATION.to_owned())];
    headers.extend(retry_after.map(|wait| ("retry-after".to_owned(), wait.to_owned())));
    Response {
        status: 202,
        headers,
        body: Vec::new(),
    }
}

fn followed(header: &str, replies: Vec<Reply>) -> (Result<(), Failure>, usize) {
    let mock = mock();
    for reply in replies {
        mock.on("GET", OPERATION).once().reply(reply);
    }
    let end = follow(&mock, &accepted(header, Some("0")), "writing");
    (end, mock.requests().len())
}

fn status(status: &str) -> Reply {
    Reply::json(200, json!({ "status": status }))
}

fn failed(status: &str, code: &str) -> Reply {
    let error = json!({ "code": code, "message": "why" });
    Reply::json(200, json!({ "status": status, "error": error }))
}

/// Another cloud names its own host, which is a route's to know.
#[test]
fn an_operation_in_another_cloud_is_asked_for_where_everything_is() {
    let mock = mock();
    mock.on("GET", OPERATION).once().reply(status("Succeeded"));
    let mut answer = accepted(STATUS, None);
    answer.headers[0].1 = OPERATION.replace("management.azure.com", "management.usgovcloudapi.net");
    assert_eq!(follow(&mock, &answer, "writing"), Ok(()));
    assert_eq!(mock.requests().len(), 1);
}

#[test]
fn an_operation_is_followed_to_its_end() {
    let (end, looks) = followed(
        STATUS,
        vec![
            status("InProgress"),
            status("InProgress"),
            status("Succeeded"),
        ],
    );
    assert_eq!((end, looks), (Ok(()), 3));
    let result = Reply::json(200, json!({ "properties": {} }));
    let (end, looks) = followed("location", vec![Reply::text(202, ""), result]);
    assert_eq!((end, looks), (Ok(()), 2));
}

#[test]
fn one_that_failed_says_why() {
    for (header, reply, kind) in [
        (
            STATUS,
            failed("Failed", "ContainerAppSecretInvalid"),
            Rejected,
        ),
        (STATUS, failed("failed", "InternalServerError"), Unavailable),
        (STATUS, failed("Canceled", ""), Conflict),
        (
            "location",
            Reply::json(
                400,
                json!({ "error": { "code": "ContainerAppSecretInvalid", "message": "why" } }),
            ),
            Rejected,
        ),
    ] {
        let (end, looks) = followed(header, vec![reply]);
        let failure = end.expect_err("failed");
        assert_eq!((failure.kind, looks), (kind, 1), "{failure}");
        assert!(failure.message.starts_with("writing: "), "{failure}");
    }
    let (end, _) = followed(STATUS, vec![failed("Failed", "ContainerAppSecretInvalid")]);
    assert_eq!(
        end.expect_err("failed").message,
        "writing: Azure answered ContainerAppSecretInvalid: why"
    );
}

#[test]
fn one_that_asks_for_patience_is_left_alone() {
    let mock = mock();
    assert_eq!(
        follow(&mock, &accepted(STATUS, Some("5")), "writing"),
        Ok(())
    );
    assert!(mock.requests().is_empty());
    let wait = status("InProgress").header("Retry-After", "3");
    let (end, looks) = followed(STATUS, vec![wait]);
    assert_eq!((end, looks), (Ok(()), 1));
    let (end, looks) = followed(STATUS, vec![status("InProgress"); LOOKS + 1]);
    assert_eq!((end, looks), (Ok(()), LOOKS));
}

#[test]
fn one_that_may_not_be_looked_at_is_left_to_go_on() {
    for reply in [
        Reply::json(403, json!({ "error": { "code": "AuthorizationFailed" } })),
        Reply::text(404, ""),
        Reply::text(429, ""),
        Reply::text(500, ""),
    ] {
        for header in [STATUS, "location"] {
            let (end, looks) = followed(header, vec![reply.clone()]);
            assert_eq!((end, looks), (Ok(()), 1), "{reply:?}");
        }
    }
    let mock = mock();
    mock.on("GET", OPERATION)
        .unanswered(Obstacle::Unreachable, false);
    assert_eq!(follow(&mock, &accepted(STATUS, None), "writing"), Ok(()));
    let elsewhere = Response {
        headers: vec![(STATUS.to_owned(), "https://evil.example.com/op".to_owned())],
        ..accepted(STATUS, None)
    };
    assert_eq!(follow(&mock, &elsewhere, "writing"), Ok(()));
    let none = Response {
        headers: Vec::new(),
        ..accepted(STATUS, None)
    };
    assert_eq!(follow(&mock, &none, "writing"), Ok(()));
    assert_eq!(name(&none), None);
}

#[test]
fn an_operation_has_a_name() {
    assert_eq!(name(&accepted(STATUS, None)).as_deref(), Some("op-7"));
    assert_eq!(name(&accepted("location", None)).as_deref(), Some("op-7"));
}
