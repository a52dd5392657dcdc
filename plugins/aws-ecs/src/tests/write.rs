use keyferry_sdk::FailureKind::{Conflict, Denied, Missing, Rejected, Unavailable, Uncertain};
use keyferry_sdk::mock::{Mock, Reply};
use keyferry_sdk::{Obstacle, Sink};
use serde_json::{Value, json};

use super::{ARN, SECRETS, World, address, document, value};
use crate::AwsEcs;

const FRESH: &str = "fr\"e\\sh'{{$#é%\n";

fn put(mock: &Mock) -> Value {
    let sent = mock.requests();
    sent.iter()
        .find(|sent| sent.header("x-amz-target") == Some("secretsmanager.PutSecretValue"))
        .expect("a put")
        .json()
}

#[test]
fn one_key_changes_and_every_neighbour_arrives_byte_for_byte() {
    let (mock, _, target) = World::new().open();
    let fresh = mock.credential("live-id", FRESH);
    let receipt = AwsEcs::write(&mock, &target, &fresh).expect("written");
    assert_eq!(
        (receipt.location.as_str(), receipt.version.as_str()),
        (&*format!("{ARN}#client_secret"), "v2")
    );
    assert!(!receipt.compared);
    let body = put(&mock);
    assert_eq!(body["SecretId"], "matillion-oauth-credentials");
    assert_eq!(body["ClientRequestToken"], target.attempt);
    let live = json!(super::SECRET).to_string();
    let expected = document().replace(&live, &json!(FRESH).to_string());
    assert_eq!(body["SecretString"], expected);
}

#[test]
fn each_shape_of_the_secret_is_written_as_it_is_read() {
    for (stored, expected) in [
        (value("old plain"), json!(FRESH)),
        (
            value(r#"{"client_secret":"old"}"#),
            json!(json!({ "client_secret": FRESH }).to_string()),
        ),
        (
            value(r#"{"client_id":"old-id","client_secret":"old","n":1}"#),
            json!(json!({ "client_id": "fresh-id", "client_secret": FRESH, "n": 1 }).to_string()),
        ),
        (
            value(r#"{"a":true}"#),
            json!(json!({ "a": true, "client_secret": FRESH }).to_string()),
        ),
    ] {
        let (mock, _, target) = World::new().answer("GetSecretValue", 200, stored).open();
        AwsEcs::write(&mock, &target, &mock.credential("fresh-id", FRESH)).expect("written");
        assert_eq!(put(&mock)["SecretString"], expected);
    }
    let (mock, _, target) = World::new()
        .error("GetSecretValue", "ResourceNotFoundException")
        .open();
    AwsEcs::write(&mock, &target, &mock.credential("fresh-id", FRESH)).expect("written");
    let written = put(&mock)["SecretString"]
        .as_str()
        .map(serde_json::from_str::<Value>)
        .expect("text")
        .expect("JSON");
    assert_eq!(
        written,
        json!({ "client_id": "fresh-id", "client_secret": FRESH })
    );
}

#[test]
fn what_is_stored_already_is_written_all_the_same() {
    let (mock, current, target) = World::new().open();
    AwsEcs::write(&mock, &target, &current).expect("written");
    assert_eq!(put(&mock)["SecretString"], document());
}

#[test]
fn a_repeat_after_a_neighbour_changed_finds_its_value_in_place() {
    let (mock, current, target) = World::new()
        .error("PutSecretValue", "ResourceExistsException")
        .open();
    let receipt = AwsEcs::write(&mock, &target, &current).expect("it is there");
    assert_eq!(receipt.version, "v1");
    let fresh = mock.credential("live-id", FRESH);
    let failure = AwsEcs::write(&mock, &target, &fresh).expect_err("overwritten");
    assert_eq!(failure.kind, Conflict);
    assert!(failure.message.contains("written since"), "{failure}");
}

#[test]
fn a_write_that_fails_says_how() {
    for (operation, code, kind) in [
        ("GetSecretValue", "AccessDeniedException", Denied),
        ("PutSecretValue", "AccessDeniedException", Denied),
        ("PutSecretValue", "ThrottlingException", Unavailable),
        ("PutSecretValue", "InternalServiceError", Unavailable),
        ("PutSecretValue", "ResourceNotFoundException", Missing),
        ("PutSecretValue", "LimitExceededException", Rejected),
    ] {
        let (mock, current, target) = World::new().error(operation, code).open();
        let failure = AwsEcs::write(&mock, &target, &current).expect_err(code);
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains(operation), "{failure}");
    }
}

#[test]
fn a_lost_answer_is_uncertain_only_if_the_request_may_have_gone_out() {
    for (operation, why, maybe_sent, kind) in [
        ("PutSecretValue", Obstacle::TimedOut, true, Uncertain),
        ("PutSecretValue", Obstacle::Unreachable, true, Uncertain),
        ("PutSecretValue", Obstacle::Unreachable, false, Unavailable),
        ("PutSecretValue", Obstacle::TooLarge, false, Rejected),
        ("GetSecretValue", Obstacle::Unreachable, true, Unavailable),
    ] {
        let mut world = World::new();
        world.lost = Some((operation, why, maybe_sent));
        let (mock, current, target) = world.open();
        let failure = AwsEcs::write(&mock, &target, &current).expect_err("lost");
        assert_eq!(failure.kind, kind, "{operation} {why:?} {maybe_sent}");
    }
}

#[test]
fn verify_reads_back_what_was_written() {
    let (mock, current, target) = World::new().open();
    let receipt = AwsEcs::verify(&mock, &target, &current).expect("the same");
    assert!(receipt.compared);
    assert_eq!(
        (receipt.location.as_str(), receipt.version.as_str()),
        (&*format!("{ARN}#client_secret"), "v1")
    );
    let fresh = mock.credential("live-id", FRESH);
    assert_eq!(
        AwsEcs::verify(&mock, &target, &fresh)
            .expect_err("another")
            .kind,
        Conflict
    );
}

#[test]
fn verify_tells_every_other_content_apart() {
    let other_id = document().replace("live-id", "other-id");
    for (stored, same) in [
        (document(), true),
        (json!({ "client_secret": super::SECRET }).to_string(), true),
        (super::SECRET.to_owned(), true),
        (other_id, false),
        (json!({ "client_id": "live-id" }).to_string(), false),
        (
            json!({ "client_id": "live-id", "client_secret": format!("{}x", super::SECRET) })
                .to_string(),
            false,
        ),
        (
            json!({ "client_id": "live-id", "client_secret": [super::SECRET] }).to_string(),
            false,
        ),
        (format!(" {}", super::SECRET), false),
    ] {
        let (mock, current, target) = World::new().holds(&stored).open();
        let outcome = AwsEcs::verify(&mock, &target, &current);
        assert_eq!(outcome.is_ok(), same, "{stored}");
    }
    let (mock, current, target) = World::new()
        .error("GetSecretValue", "ResourceNotFoundException")
        .open();
    assert_eq!(
        AwsEcs::verify(&mock, &target, &current)
            .expect_err("empty")
            .kind,
        Conflict
    );
}

#[test]
fn what_was_written_verifies_through_a_store_that_keeps_it() {
    for before in [
        document(),
        "plain".to_owned(),
        r#"{"client_id":"x"}"#.to_owned(),
    ] {
        let mut world = World::new();
        world
            .answers
            .retain(|(name, _)| !name.ends_with("SecretValue"));
        let (mock, _, target) = world.open();
        let cell = std::rc::Rc::new(std::cell::RefCell::new(before));
        let stored = std::rc::Rc::clone(&cell);
        mock.on("POST", SECRETS)
            .header("x-amz-target", &address("GetSecretValue").1)
            .with(move |_| Ok(Reply::json(200, value(&stored.borrow()))));
        mock.on("POST", SECRETS)
            .header("x-amz-target", &address("PutSecretValue").1)
            .with(move |sent| {
                *cell.borrow_mut() = sent.json()["SecretString"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                Ok(Reply::json(200, json!({ "VersionId": "v2" })))
            });
        let fresh = mock.credential("fresh-id", FRESH);
        assert_eq!(
            AwsEcs::verify(&mock, &target, &fresh)
                .expect_err("not yet")
                .kind,
            Conflict
        );
        AwsEcs::write(&mock, &target, &fresh).expect("written");
        AwsEcs::verify(&mock, &target, &fresh).expect("the same");
        AwsEcs::write(&mock, &target, &fresh).expect("written again");
        AwsEcs::verify(&mock, &target, &fresh).expect("still the same");
    }
}
