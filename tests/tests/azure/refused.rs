//! What is found before anything is lost.

use keyferry_tests::azure::{Endpoint, Secret};
use serde_json::json;

use crate::world::{World, plain};

#[test]
fn a_secret_in_a_vault_is_refused_with_the_way_out() {
    let world = World::new(&plain());
    let vault = Secret::Vault {
        url: "https://etl.vault.azure.net/secrets/oauth".to_owned(),
        identity: "system".to_owned(),
    };
    world
        .azure
        .change(|app| app.set("matillion-client-secret", vault));
    world
        .refresh()
        .expect(3)
        .says(&["https://etl.vault.azure.net/secrets/oauth", "of its own"]);
    world.assert_untouched();
}

#[test]
fn a_stopped_app_another_runner_and_the_script_runner_are_refused() {
    let world = World::new(&plain());
    world
        .azure
        .change(|app| "Stopped".clone_into(&mut app.running_status));
    world.refresh().expect(3).says(&["is stopped"]);
    world.azure.change(|app| {
        "Running".clone_into(&mut app.running_status);
        app.change_container(|container| container["env"][1]["value"] = json!("another-runner"));
    });
    world.refresh().expect(3).says(&["another-runner"]);
    world.azure.change(|app| {
        app.change_container(|container| container["name"] = json!("etl-script-runner"));
    });
    world.refresh().expect(3).says(&["the script runner"]);
    world.assert_untouched();
}

#[test]
fn what_is_not_there_or_not_allowed_is_named() {
    for (settings, said) in [
        (json!({ "app": "another-app" }), "ResourceNotFound"),
        (
            json!({ "resource_group": "rg(other)" }),
            "ResourceGroupNotFound",
        ),
        (
            json!({ "subscription": "11111111-2222-4333-8444-555555555555" }),
            "SubscriptionNotFound",
        ),
        (json!({ "secret": "license" }), "not from license"),
    ] {
        let world = World::new(&settings);
        world.refresh().expect(3).says(&[said]);
        world.assert_untouched();
    }
    for endpoint in [
        Endpoint::GetApp,
        Endpoint::ListSecrets,
        Endpoint::ListRevisions,
    ] {
        let world = World::new(&plain());
        world.azure.deny(endpoint);
        world
            .refresh()
            .expect(3)
            .says(&["AuthorizationFailed", "has a role on the app"]);
        world.assert_untouched();
    }
}

#[test]
fn settings_that_are_none_are_refused_before_anything_is_asked() {
    let world = World::new(&json!({ "subscription": "../../other", "restart": "always" }));
    let ended = world.refresh();
    assert_ne!(ended.code, Some(0));
    ended.says(&["/subscription", "/restart"]);
    assert!(world.azure.requests().is_empty());
    world.assert_untouched();
}
