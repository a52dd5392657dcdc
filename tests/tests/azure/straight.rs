//! As it should go.

use std::sync::Arc;

use keyferry_tests::azure::{Endpoint, Pace, Revision};
use keyferry_tests::issuer::{Endpoint as IssuerEndpoint, Fault};
use serde_json::json;

use crate::world::{World, plain};

/// Every character that some quoting gets wrong, on several lines.
const AWKWARD: &str =
    "q\"'\\ \\\" $HOME ${x} {{ .Values }} %s #\u{e9}\u{1f511}\u{2028}\r\n\tend= \u{7f}";

#[test]
fn a_refresh_stores_restarts_and_sees_the_runner_back() {
    let world = World::new(&plain());
    let old: Vec<_> = names(&world);
    let ended = world.refresh().expect(0);
    world.assert_whole(1);
    assert_eq!(
        ended.json["location"],
        json!(format!(
            "{}/secrets/matillion-client-secret",
            world.azure.app().id()
        ))
    );
    assert_eq!(world.restarts(), 1);
    assert!(names(&world).iter().all(|name| !old.contains(name)));
    // Once as a rehearsal, once in earnest.
    assert_eq!(world.azure.count(Endpoint::PatchApp), 2);
    world.refresh().expect(0);
    world.assert_whole(2);
}

fn names(world: &World) -> Vec<String> {
    let revisions = world.azure.app().revisions.into_iter();
    let replicas = revisions.flat_map(|revision| revision.replicas);
    replicas.map(|replica| replica.name).collect()
}

#[test]
fn awkward_secrets_arrive_byte_for_byte() {
    let count = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let next = move || count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let world = World::with(
        &plain(),
        |issuer| {
            issuer.configure(|issuer| {
                issuer.new_secret = Arc::new(move || format!("{AWKWARD}{:09}", next()));
            });
        },
        |azure, config| azure.configure(config),
    );
    world.refresh().expect(0);
    world.assert_whole(1);
    let stored = world
        .azure
        .secret(&world.container.secret)
        .expect("a value");
    assert!(stored.starts_with(AWKWARD));
}

#[test]
fn a_new_client_id_is_stored_too() {
    let world = World::new(&plain());
    world
        .issuer
        .fail(IssuerEndpoint::RefreshCredential, Fault::NewClientId);
    world.refresh().expect(0);
    world.assert_whole(1);
    assert_ne!(
        world.issuer.credential(&world.id).client_id,
        world.first.client_id
    );
}

#[test]
fn every_way_that_azure_tells_of_an_operation_is_understood() {
    let world = World::new(&plain());
    let at_once = Pace {
        at_once: true,
        ..Pace::default()
    };
    let by_location = Pace {
        by_location: true,
        ..Pace::default()
    };
    for (refreshes, pace) in (1..).zip([at_once, by_location]) {
        world.azure.set_pace(pace);
        world.refresh().expect(0);
        world.assert_whole(refreshes);
    }
}

#[test]
fn a_new_revision_takes_over() {
    let world = World::new(&json!({ "restart": "new-revision" }));
    world.refresh().expect(0);
    world.assert_whole(1);
    let revisions = world.azure.app().revisions;
    let active: Vec<&Revision> = revisions
        .iter()
        .filter(|revision| revision.active)
        .collect();
    assert_eq!((revisions.len(), active.len()), (2, 1));
    assert!(
        active[0].name.starts_with("etl-app-x7--kf-"),
        "{}",
        active[0].name
    );
    assert_eq!(world.azure.count(Endpoint::RestartRevision), 0);
}

#[test]
fn every_active_revision_is_restarted_in_multiple_mode() {
    let world = World::new(&plain());
    world.azure.change(|app| {
        app.multiple = true;
        let second = Revision::at_rest("etl-app-x7--second", &app.template, 0);
        let mut third = Revision::at_rest("etl-app-x7--third", &app.template, 0);
        third.active = false;
        app.revisions.extend([second, third]);
    });
    let ended = world
        .refresh()
        .expect(0)
        .says(&["several active revisions"]);
    drop(ended);
    world.assert_whole(1);
    let restarts: Vec<u32> = world
        .azure
        .app()
        .revisions
        .iter()
        .map(|revision| revision.restarts)
        .collect();
    assert_eq!(restarts, [1, 1, 0]);
}
