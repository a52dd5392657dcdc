use keyferry_sdk::FailureKind::{Conflict, Missing, Rejected, Unavailable};
use keyferry_sdk::{Failure, Level, Receipt, Sink};
use serde_json::{Value, json};

use super::{ID, SECRET, World, secrets};
use crate::AzureContainerApps;

fn verify(world: World) -> Result<Receipt, Failure> {
    world.run(|mock, target, current| AzureContainerApps::verify(mock, target, current))
}

#[test]
fn the_stored_value_itself_is_compared() {
    let receipt = verify(World::new()).expect("the same");
    assert_eq!(
        receipt,
        Receipt::new(
            format!("{ID}/secrets/matillion-client-secret"),
            "2026-05-01T10:00:00.1234567Z"
        )
        .compared()
    );
}

#[test]
fn another_value_is_a_conflict_and_another_place_is_told() {
    let with = |index: usize, entry: Value| {
        let mut list = secrets()["value"].clone();
        list[index] = entry;
        World::new().secrets(list)
    };
    let name = "matillion-client-secret";
    let vault = "https://v.vault.azure.net/secrets/y";
    for (world, kind) in [
        (with(2, json!({ "name": name, "value": "x" })), Conflict),
        (
            with(2, json!({ "name": name, "value": format!("{SECRET} ") })),
            Conflict,
        ),
        (
            with(0, json!({ "name": "matillion-client-id", "value": "x" })),
            Conflict,
        ),
        (with(2, json!({ "name": "gone", "value": SECRET })), Missing),
        (
            with(2, json!({ "name": name, "keyVaultUrl": vault })),
            Rejected,
        ),
    ] {
        let failure = verify(world).expect_err("not the same");
        assert_eq!(failure.kind, kind, "{failure}");
    }
}

#[test]
fn what_is_under_way_is_asked_again_later() {
    let busy = |app: &mut Value| app["properties"]["provisioningState"] = json!("InProgress");
    let failure = verify(World::new().app(busy)).expect_err("not yet");
    assert_eq!(
        (failure.kind, failure.retry_after_ms),
        (Unavailable, Some(10_000))
    );
}

#[test]
fn an_operation_that_failed_is_told_of() {
    let failed = |app: &mut Value| app["properties"]["provisioningState"] = json!("Failed");
    let (mock, current, target) = World::new().app(failed).open();
    AzureContainerApps::verify(&mock, &target, &current).expect("stored all the same");
    let (level, line) = mock.lines().remove(0);
    assert_eq!(level, Level::Warning);
    assert!(line.contains("ended with Failed"), "{line}");
    let other = json!([{ "name": "matillion-client-secret", "value": "x" }]);
    let failure = verify(World::new().app(failed).secrets(other)).expect_err("not stored");
    assert!(failure.message.contains("ended with Failed"), "{failure}");
}
