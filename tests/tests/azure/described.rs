//! The same refresh with prism in between, which holds every request of ours and every answer of
//! the stand-in against Azure's published description.

use keyferry_tests::azure::Endpoint;
use keyferry_tests::client::send;
use keyferry_tests::prism::Prism;
use keyferry_tests::process::project_root;
use serde_json::{Value, json};

use crate::world::{World, plain};

const DESCRIPTION: &str = "tests/fixtures/azure-container-apps.json";

/// A world in which prism stands before Azure.
fn judged(settings: &Value) -> Option<(World, Prism)> {
    let mut prism = None;
    let world = World::with(
        settings,
        |_| {},
        |azure, config| {
            let origin = azure.origin();
            prism = Prism::before_or_skip(&project_root().join(DESCRIPTION), &origin);
            let judge = prism.as_ref().map(Prism::origin);
            azure.configure_at(config, judge.unwrap_or(&origin))
        },
    );
    prism.map(|prism| (world, prism))
}

#[test]
fn every_request_and_every_answer_is_as_azure_describes_it() {
    for (settings, restarts, patches) in [
        (plain(), 1, 2),
        (json!({ "restart": "new-revision" }), 0, 3),
    ] {
        let Some((world, prism)) = judged(&settings) else {
            return;
        };
        world.refresh().expect(0);
        world.assert_whole(1);
        assert_eq!(prism.violations(), [""; 0]);
        for (endpoint, count) in [
            (Endpoint::RestartRevision, restarts),
            (Endpoint::PatchApp, patches),
        ] {
            assert_eq!(world.azure.count(endpoint), count, "{endpoint:?}");
        }
        assert!(world.azure.count(Endpoint::Operation) > 0);
        assert!(world.azure.count(Endpoint::ListReplicas) > 0);
    }
}

#[test]
fn the_judge_judges() {
    let Some((world, prism)) = judged(&plain()) else {
        return;
    };
    // A state that Azure doesn't have, and that the sink would not mind.
    world
        .azure
        .change(|app| "Sleeping".clone_into(&mut app.running_status));
    assert_ne!(world.refresh().code, Some(0));
    assert!(!prism.violations().is_empty(), "an answer of the stand-in");
    world.assert_untouched();

    let url = format!(
        "{}{}?api-version=2025-01-01",
        prism.origin(),
        world.azure.app().id()
    );
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let token = header("authorization", "Bearer x");
    let json = header("content-type", "application/json");
    let secrets = json!({ "secrets": { "a": "b" } });
    for (headers, body, status) in [
        (
            vec![token.clone(), json.clone()],
            json!({ "properties": {} }),
            422,
        ),
        (
            vec![token, json.clone()],
            json!({ "location": "x", "properties": { "configuration": secrets } }),
            422,
        ),
        (vec![json], json!({ "location": "x" }), 401),
    ] {
        let answer = send("PATCH", &url, &headers, body.to_string().as_bytes());
        assert_eq!(answer.expect("an answer").status, status, "{body}");
    }
    assert_eq!(
        world.azure.count(Endpoint::PatchApp),
        0,
        "none went through"
    );
}
