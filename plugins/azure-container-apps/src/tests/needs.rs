use keyferry_sdk::{Host, Need, Obstacle, Sink};
use serde_json::json;

use super::{ID, World, url};
use crate::AzureContainerApps;

#[test]
fn every_need_is_of_this_app_or_an_operation_and_signed_in() {
    for need in AzureContainerApps::describe().needs {
        let Need::Http(need) = need else {
            panic!("only requests are needed")
        };
        assert_eq!(need.auth.as_deref(), Some("azure"));
        assert!(!need.reason.is_empty(), "{}", need.url);
        let app = "/resourceGroups/{resource_group}/providers/Microsoft.App/containerApps/{app}";
        let operation = "/providers/Microsoft.App/locations/*?*";
        let rest = need
            .url
            .strip_prefix("https://management.azure.com/subscriptions/{subscription}")
            .expect("Azure Resource Manager");
        assert!(
            rest.starts_with(app) || (need.method == "GET" && rest == operation),
            "{}",
            need.url
        );
    }
}

#[test]
fn nothing_but_the_secrets_or_a_suffix_can_be_changed() {
    let (mock, current, _) = World::new().open();
    let host: &dyn Host = &mock;
    let token = current.client_secret.token(&[keyferry_sdk::Encoding::Json]);
    let template = json!({ "containers": [] });
    for (method, address, body) in [
        (
            "PATCH",
            url(""),
            json!({ "location": "x", "properties": { "template": template } }),
        ),
        (
            "PATCH",
            url(""),
            json!({ "location": "x", "tags": { "a": "b" } }),
        ),
        (
            "PATCH",
            url(""),
            json!({ "location": "x", "properties": { "template": { "revisionSuffix": token } } }),
        ),
        ("PUT", url(""), json!({ "location": "x" })),
        (
            "PATCH",
            url("").replace("etl-app", "other"),
            json!({ "location": "x" }),
        ),
        (
            "POST",
            url("/revisions/etl-app--1/restart"),
            json!({ "location": "x" }),
        ),
        ("POST", url("/stop"), json!(null)),
        ("POST", url("/getAuthtoken"), json!(null)),
    ] {
        let mut request = host.request(method, &address);
        if !body.is_null() {
            request = request.json(&body);
        }
        let refused = request.send().expect_err("not approved");
        assert_eq!(refused.why, Obstacle::NotApproved, "{method} {address}");
    }
    assert!(mock.requests().is_empty());
}

#[test]
fn settings_are_written_into_the_address_and_not_over_its_borders() {
    let world = World::new().setting("resource_group", "rg (é)");
    let (mock, _, target) = world.open();
    let place = crate::arm::Place::of(&target.settings);
    assert_eq!(
        place.id,
        ID.replace("rg-etl", "rg%20%28%C3%A9%29"),
        "as the host fills it"
    );
    mock.on("GET", &place.url()).json(200, json!({}));
    let host: &dyn Host = &mock;
    host.get(&place.url()).send().expect("approved");
}
