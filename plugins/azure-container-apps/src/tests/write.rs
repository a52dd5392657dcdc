use keyferry_sdk::FailureKind::{Conflict, Denied, Rejected, Unavailable, Uncertain};
use keyferry_sdk::mock::{Mock, Reply};
use keyferry_sdk::{Failure, Receipt, Sink};
use serde_json::{Value, json};

use super::{FRESH, ID, World, app, secrets, url};
use crate::AzureContainerApps;

fn write(world: World, id: &str) -> (Mock, Result<Receipt, Failure>) {
    let (mock, _, target) = world.open();
    let fresh = mock.credential(id, FRESH);
    let written = AzureContainerApps::write(&mock, &target, &fresh);
    (mock, written)
}

fn patched(mock: &Mock) -> Option<Value> {
    let sent = mock.requests();
    sent.iter()
        .find(|sent| sent.method == "PATCH")
        .map(|sent| sent.json())
}

#[test]
fn one_secret_changes_and_every_other_goes_back_byte_for_byte() {
    let (mock, written) = write(World::new(), "live-id");
    let receipt = written.expect("written");
    assert_eq!(
        receipt.location,
        format!("{ID}/secrets/matillion-client-secret")
    );
    assert_eq!(receipt.version, "2026-05-01T10:00:00.1234567Z");
    assert!(!receipt.compared);
    let expected = json!([
        { "name": "matillion-client-id", "value": "live-id" },
        { "name": "db", "value": "d\"b\\ pässword" },
        { "name": "matillion-client-secret", "value": FRESH },
        { "name": "from-vault", "keyVaultUrl": "https://v.vault.azure.net/secrets/x", "identity": "system" },
    ]);
    assert_eq!(
        patched(&mock).expect("a write"),
        json!({ "location": "West Europe", "properties": { "configuration": { "secrets": expected } } })
    );
}

#[test]
fn a_client_id_that_changed_is_written_too() {
    let (mock, written) = write(World::new(), "fresh-id");
    written.expect("written");
    let list = &patched(&mock).expect("a write")["properties"]["configuration"]["secrets"];
    assert_eq!(list[0]["value"], "fresh-id");
    let plain = World::new().container(|container| {
        container["env"][1] = json!({ "name": "OAUTH_CLIENT_ID", "value": "live-id" });
    });
    let (mock, written) = write(plain, "live-id");
    written.expect("written");
    let list = &patched(&mock).expect("a write")["properties"]["configuration"]["secrets"];
    assert_eq!(list[0]["value"], "live-id");
}

#[test]
fn an_empty_neighbour_stays_empty_and_one_without_a_value_stops_the_write() {
    let mut list = secrets()["value"].clone();
    list[1]["value"] = json!("");
    let (mock, written) = write(World::new().secrets(list.clone()), "live-id");
    written.expect("written");
    let sent = &patched(&mock).expect("a write")["properties"]["configuration"]["secrets"];
    assert_eq!(sent[1], json!({ "name": "db", "value": "" }));

    list[1] = json!({ "name": "db" });
    let (mock, written) = write(World::new().secrets(list), "live-id");
    let failure = written.expect_err("it would be lost");
    assert_eq!(failure.kind, Rejected);
    assert!(failure.message.contains("the secret db"), "{failure}");
    assert_eq!(patched(&mock), None);
}

#[test]
fn a_second_writer_in_between_is_noticed_before_anything_is_written() {
    let mut later = app();
    later["systemData"]["lastModifiedAt"] = json!("2026-05-01T10:00:01Z");
    let mut more = app();
    more["properties"]["configuration"]["secrets"] = json!([{ "name": "new" }]);
    let mut busy = app();
    busy["properties"]["provisioningState"] = json!("InProgress");
    for (second, kind) in [(later, Conflict), (more, Conflict), (busy, Unavailable)] {
        let mock = Mock::of::<AzureContainerApps>(World::new().settings);
        let fresh = mock.credential("live-id", FRESH);
        mock.on("GET", &url("")).once().json(200, app());
        mock.on("GET", &url("")).json(200, second);
        mock.on("POST", &url("/listSecrets")).json(200, secrets());
        let target = mock.target::<AzureContainerApps>();
        let failure = AzureContainerApps::write(&mock, &target, &fresh).expect_err("noticed");
        assert_eq!(failure.kind, kind, "{failure}");
        assert_eq!(patched(&mock), None);
    }
}

#[test]
fn a_write_that_is_refused_says_how() {
    for (status, code, kind) in [
        (409, "ContainerAppOperationInProgress", Unavailable),
        (409, "ScopeLocked", Denied),
        (400, "ContainerAppSecretInvalid", Rejected),
        (403, "AuthorizationFailed", Denied),
        (429, "", Unavailable),
        (502, "", Unavailable),
    ] {
        let (_, written) = write(World::new().error("PATCH", "", status, code), "live-id");
        let failure = written.expect_err(code);
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(
            failure
                .message
                .starts_with("writing the secrets of etl-app: Azure answered"),
            "{failure}"
        );
    }
    let (_, written) = write(World::new().lost("PATCH", "", true), "live-id");
    assert_eq!(written.expect_err("lost").kind, Uncertain);
    let (_, written) = write(World::new().lost("PATCH", "", false), "live-id");
    assert_eq!(written.expect_err("never sent").kind, Unavailable);
}

#[test]
fn nothing_is_written_while_an_operation_is_under_way() {
    let busy = |app: &mut Value| app["properties"]["provisioningState"] = json!("Updating");
    let (mock, written) = write(World::new().app(busy), "live-id");
    assert_eq!(written.expect_err("busy").kind, Unavailable);
    assert_eq!(patched(&mock), None);
}

#[test]
fn a_write_that_goes_on_is_named_by_its_operation() {
    let accepted = Reply::text(202, "")
        .header(
            "Location",
            "https://management.azure.com/subscriptions/s/providers/Microsoft.App/locations/westeurope/containerappOperationResults/op-7?api-version=2025-01-01",
        )
        .header("Retry-After", "5");
    let (mock, written) = write(World::new().reply("PATCH", "", accepted), "live-id");
    assert_eq!(written.expect("accepted").version, "op-7");
    let after = mock.requests().last().map(|sent| sent.method.clone());
    assert_eq!(after.as_deref(), Some("PATCH"), "it was asked to wait");
    let (mock, written) = write(
        World::new().reply("PATCH", "", Reply::text(202, "")),
        "live-id",
    );
    let attempt = mock.target::<AzureContainerApps>().attempt;
    assert_eq!(written.expect("accepted").version, attempt);
}
