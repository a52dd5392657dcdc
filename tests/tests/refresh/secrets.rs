//! What a secret may look like, and where it may stand.

use std::sync::Arc;

use keyferry_tests::aws::Operation;
use keyferry_tests::issuer::{Endpoint, Fault};
use keyferry_tests::world::World;
use serde_json::{Value, json};

/// Every character that some quoting gets wrong, on several lines.
const AWKWARD: &str =
    "q\"'\\ \\\" $HOME ${x} {{ .Values }} %s #\u{e9}\u{1f511}\u{2028}\r\n\tend= \u{7f}";

#[test]
fn awkward_secrets_arrive_byte_for_byte() {
    let world = World::with(
        |issuer| {
            issuer.configure(|issuer| {
                issuer.new_secret = Arc::new(|| format!("{AWKWARD}{}", uuid()));
            });
        },
        &[],
        |config| config,
    );
    world.approve();
    world.refresh().expect(0);
    world.assert_whole(1);
    let stored: Value = serde_json::from_str(&world.stored()).expect("JSON");
    let live = world.issuer.credential(&world.id).client_secret;
    assert!(live.starts_with(AWKWARD) && stored["client_secret"] == json!(live));
}

fn uuid() -> String {
    // Different on every call, without a dependency for it.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    format!("{:032}", now.expect("a clock after 1970").as_nanos())
}

#[test]
fn a_secret_that_is_no_json_stays_none() {
    let world = World::approved(&[]);
    let first = world.first().clone();
    world
        .aws
        .put_secret(&world.etl.secret_id, &first.client_secret);
    world
        .aws
        .change_task_definition(&world.etl.task_definition, |definition| {
            let container = &mut definition["containerDefinitions"][0];
            let id = json!({ "name": "OAUTH_CLIENT_ID", "value": first.client_id });
            container["environment"]
                .as_array_mut()
                .expect("a list")
                .push(id);
            let whole = json!({ "name": "OAUTH_CLIENT_SECRET", "valueFrom": world.etl.secret_arn });
            container["secrets"] = json!([whole]);
        });
    let ended = world.refresh().expect(0);
    let live = world.issuer.credential(&world.id);
    assert!(world.stored() == live.client_secret, "exactly the secret");
    assert!(world.issuer.runner(&world.id).connected);
    assert_eq!(ended.json["location"], json!(world.etl.secret_arn));
    assert_eq!(world.issuer.refreshes(&world.id), 1);
}

#[test]
fn a_new_client_id_is_stored_too() {
    let world = World::approved(&[]);
    world
        .issuer
        .fail(Endpoint::RefreshCredential, Fault::NewClientId);
    world.refresh().expect(0);
    world.assert_whole(1);
    let live = world.issuer.credential(&world.id);
    assert_ne!(live.client_id, world.first().client_id);
    let stored: Value = serde_json::from_str(&world.stored()).expect("JSON");
    assert_eq!(stored["client_id"], json!(live.client_id));
}

#[test]
fn the_text_around_the_secret_is_not_reformatted() {
    let world = World::approved(&[]);
    let spaced = world
        .stored()
        .replacen(":", " :\t", 2)
        .replacen('{', "{\n  ", 1)
        + "\n";
    world.aws.put_secret(&world.etl.secret_id, &spaced);
    world.refresh().expect(0);
    world.assert_whole_since(&spaced, world.first(), 1);
}

#[test]
fn a_secret_of_someone_else_s_task_is_refused() {
    let world = World::approved(&[]);
    world
        .aws
        .change_task_definition(&world.etl.task_definition, |definition| {
            let environment = &mut definition["containerDefinitions"][0]["environment"];
            environment[1] = json!({ "name": "AGENT_ID", "value": "another-runner" });
        });
    world.refresh().expect(3).says(&["another-runner"]);
    world.assert_untouched();
}

#[test]
fn a_pinned_version_and_a_missing_secret_are_refused() {
    let world = World::approved(&[]);
    let definition = world.etl.task_definition.clone();
    let pin = |value: String| {
        world.aws.change_task_definition(&definition, |definition| {
            let secrets = &mut definition["containerDefinitions"][0]["secrets"];
            secrets[1]["valueFrom"] = json!(value);
        });
    };
    let arn = &world.etl.secret_arn;
    pin(format!(
        "{arn}:client_secret::11111111-1111-4111-8111-111111111111"
    ));
    world.refresh().expect(3).says(&["version"]);
    pin(format!("{arn}:other_key::"));
    world.refresh().expect(3).says(&["other_key"]);
    world.assert_untouched();
    assert_eq!(world.aws.count(Operation::PutSecretValue), 0);
}
