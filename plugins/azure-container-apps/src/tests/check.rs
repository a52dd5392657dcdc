use keyferry_sdk::{Currency, Plan, Sink};
use serde_json::{Value, json};

use super::{ID, World, replica, revision, secrets};
use crate::AzureContainerApps;

const RESTART: &str = "whether the identity in use may restart the app shows only when it does";

fn plan(world: World) -> Plan {
    world
        .run(|mock, target, current| AzureContainerApps::check(mock, target, current))
        .expect("a plan")
}

/// The warnings beside the one that always stands.
fn warnings(world: World) -> Vec<String> {
    let warnings = plan(world).warnings;
    assert_eq!(warnings.iter().filter(|line| *line == RESTART).count(), 1);
    let others = warnings.into_iter().filter(|line| line != RESTART);
    others.collect()
}

#[test]
fn a_sound_app_gives_a_plan_and_is_only_read() {
    let (mock, current, target) = World::new().open();
    let plan = AzureContainerApps::check(&mock, &target, &current).expect("a plan");
    assert_eq!(
        plan.location,
        format!("{ID}/secrets/matillion-client-secret")
    );
    assert_eq!(plan.stored, Currency::Current);
    assert_eq!(
        plan.steps,
        [
            "store the secret as matillion-client-secret of etl-app, and the other 3 as they are",
            "restart the revision etl-app--1, 2 replicas; what was installed into them by hand is lost",
        ]
    );
    assert_eq!(plan.warnings, [RESTART]);
    let asked = mock.requests();
    assert!(
        asked.iter().all(|sent| sent.method == "GET"
            || (sent.method == "POST" && sent.url.contains("/listSecrets?"))),
        "{asked:?}"
    );
}

#[test]
fn a_new_revision_is_announced_as_one() {
    let plan = plan(World::new().setting("restart", "new-revision"));
    assert_eq!(
        plan.steps[1],
        "start a new revision with the template of etl-app--1, 2 replicas"
    );
}

#[test]
fn what_is_stored_is_compared() {
    let with = |index: usize, member: &str, value: Value| {
        let mut list = secrets()["value"].clone();
        list[index][member] = value;
        list
    };
    for (list, stored) in [
        (secrets()["value"].clone(), Currency::Current),
        (with(2, "value", json!("older")), Currency::Stale),
        (with(2, "value", Value::Null), Currency::Stale),
        (with(0, "value", json!("another-id")), Currency::Stale),
    ] {
        assert_eq!(plan(World::new().secrets(list)).stored, stored);
    }
}

#[test]
fn the_secret_may_be_named_and_is_found_else() {
    let named = World::new().setting("secret", "matillion-client-secret");
    assert!(warnings(named).is_empty());
    let found = World::new()
        .container(|container| container["env"][2]["secretRef"] = json!("db"))
        .revisions(json!([reading("etl-app--1", "db")]));
    assert_eq!(plan(found).location, format!("{ID}/secrets/db"));
}

/// An active revision whose runner reads this secret.
pub(super) fn reading(name: &str, secret: &str) -> Value {
    let mut revision = revision(name, true);
    revision["properties"]["template"]["containers"][0]["env"][2]["secretRef"] = json!(secret);
    revision
}

#[test]
fn what_cant_be_confirmed_is_a_warning() {
    let multiple = |app: &mut Value| {
        app["properties"]["configuration"]["activeRevisionsMode"] = json!("Multiple");
    };
    let two = || {
        let mut second = revision("etl-app--2", true);
        second["properties"]["trafficWeight"] = json!(100);
        json!([
            revision("etl-app--1", true),
            second,
            revision("etl-app--0", false)
        ])
    };
    let with_two = |world: World| {
        world.revisions(two()).on(
            "GET",
            "/revisions/etl-app--2/replicas",
            json!({ "value": [replica("b", 1, "Running")] }),
        )
    };
    let mut vault_id = secrets()["value"].clone();
    vault_id[0] = json!({ "name": "matillion-client-id", "keyVaultUrl": "https://v.vault.azure.net/secrets/id", "identity": "system" });
    let cases: Vec<(World, &str)> = vec![
        (
            World::new().container(|container| container["image"] = json!("example.com/r:current")),
            "container runner runs example.com/r:current, a tag that can move",
        ),
        (
            World::new().container(|container| container["env"][0]["value"] = Value::Null),
            "does not show AGENT_ID",
        ),
        (
            World::new().container(|container| {
                container["env"][0] =
                    json!({ "name": "AGENT_ID", "secretRef": "db", "value": "x" });
            }),
            "does not show AGENT_ID",
        ),
        (
            World::new().app(|app| app["properties"]["provisioningState"] = json!("Failed")),
            "ended with Failed",
        ),
        (
            World::new().app(|app| app["properties"]["template"]["scale"] = Value::Null),
            "may scale to no replica at all",
        ),
        (
            with_two(World::new().app(multiple)),
            "etl-app--1 (0 % of the traffic), etl-app--2 (100 % of the traffic); each is restarted",
        ),
        (
            with_two(World::new()),
            "a new revision is still taking over",
        ),
        (
            World::new().error(
                "GET",
                "/revisions/etl-app--1/replicas",
                403,
                "AuthorizationFailed",
            ),
            "the new replicas can't be watched",
        ),
        (
            World::new().secrets(vault_id),
            "the client id comes from https://v.vault.azure.net/secrets/id",
        ),
    ];
    for (world, said) in cases {
        let warnings = warnings(world);
        assert_eq!(warnings.len(), 1, "{said}: {warnings:?}");
        assert!(
            warnings[0].contains(said),
            "{} does not say {said}",
            warnings[0]
        );
    }
}

#[test]
fn a_list_of_revisions_is_read_to_its_end() {
    let next = super::url("/revisions") + "&$skiptoken=2";
    let world = World::new()
        .on(
            "GET",
            "/revisions",
            json!({ "value": [revision("etl-app--0", false)], "nextLink": next }),
        )
        .on(
            "GET",
            &next,
            json!({ "value": [revision("etl-app--1", true)], "nextLink": null }),
        );
    assert!(plan(world).steps[1].contains("etl-app--1"));
}
