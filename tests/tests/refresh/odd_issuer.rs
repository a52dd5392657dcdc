//! An issuer that is right, and not quite as it is documented.

use std::time::Duration;

use keyferry_tests::issuer::{Behaviour, Endpoint, Fault, Spelling};
use keyferry_tests::world::{RUNNER, World};
use serde_json::json;

fn refreshed(prepare: impl FnOnce(&mut Behaviour)) {
    let world = World::with(
        |issuer| issuer.configure(prepare),
        &[("drain", json!("pause"))],
        |c| c,
    );
    world.approve();
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn capital_letters_and_members_that_no_document_names() {
    refreshed(|issuer| {
        issuer.spelling = Spelling::Upper;
        issuer.extra_fields = true;
        issuer.nested_executions = true;
    });
}

#[test]
fn another_prefix_of_its_paths() {
    refreshed(|issuer| {
        issuer.spelling = Spelling::Title;
        issuer.prefix = "/gateway/dpc".to_owned();
    });
    refreshed(|issuer| issuer.prefix = String::new());
}

#[test]
fn an_issuer_that_gives_runners_no_tokens() {
    refreshed(|issuer| issuer.tokens_for_runners = false);
}

#[test]
fn short_lived_tokens_are_renewed() {
    let world = World::with(
        |issuer| issuer.configure(|issuer| issuer.token_lifetime = Duration::from_secs(1)),
        &[],
        |config| config,
    );
    world.approve();
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn a_token_that_ends_early_is_renewed_once() {
    let world = World::approved(&[]);
    world
        .issuer
        .fail(Endpoint::GetCredential, Fault::Unauthorized);
    world
        .issuer
        .fail(Endpoint::GetRunner, Fault::TooManyRequests(1));
    world
        .issuer
        .fail(Endpoint::Projects, Fault::ErrorBefore(503));
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn a_runner_found_by_its_name() {
    let named = |config: keyferry_tests::process::Config| {
        let text = config.text().to_owned();
        let id = text
            .lines()
            .find(|line| line.starts_with("id = "))
            .expect("an id");
        let text = text.replace(id, &format!("runner = \"{RUNNER}\""));
        config.replaced(&text)
    };
    let world = World::with(|_| {}, &[], named);
    world.approve();
    let ended = world.refresh().expect(0);
    assert_eq!(ended.json["runner_id"], json!(world.id));
    world.assert_whole(1);
}

#[test]
fn slow_answers_are_waited_for() {
    let world = World::approved(&[]);
    world.issuer.fail_times(
        Endpoint::GetRunner,
        Fault::Slow(Duration::from_millis(700)),
        3,
    );
    let slow = Fault::Slow(Duration::from_millis(1500));
    world.issuer.fail(Endpoint::RefreshCredential, slow);
    world.refresh().expect(0);
    world.assert_whole(1);
    assert_eq!(world.issuer.count(Endpoint::RefreshCredential), 1);
}
