use keyferry_sdk::FailureKind::{Conflict, Denied, Missing, Rejected, Unavailable, Uncertain};
use keyferry_sdk::{Receipt, Sink};
use serde_json::json;

use super::{SECRET, VALUES, World, config, ran, revision};
use crate::Helm;

const LOCATION: &str = "/srv/values.yaml#config.oauthClientSecret";

#[test]
fn one_line_changes_and_the_release_is_upgraded() {
    let (mock, _, target) = World::new().open();
    let fresh = mock.credential("live-id", "fresh \"$({{#\n'\\");
    let receipt = Helm::write(&mock, &target, &fresh).expect("written");
    assert_eq!(receipt, Receipt::new(LOCATION, "revision 7"));
    let after = VALUES.replace(
        "\"live-\\\"s3cr\\\\et{{é}}\"",
        "\"fresh \\\"$({{#\\n'\\\\\"",
    );
    assert_eq!(mock.contents("values"), after);
    assert_eq!(
        mock.runs()[0],
        [
            "helm",
            "upgrade",
            "matillion-agent",
            "/srv/runner",
            "--namespace=matillion-agent",
            "--values=/srv/values.yaml",
            "--reuse-values=false",
            "--description=keyferry 0b9d6e2a-50a6-4f0e-9c58-3d8e0a4f7c11",
        ]
    );
    assert_eq!(ran(&mock).len(), 2);
}

#[test]
fn a_rehearsal_and_a_repeat_leave_the_file_as_it_is() {
    let (mock, current, target) = World::new().setting("reuse_values", true).open();
    Helm::write(&mock, &target, &current).expect("written");
    Helm::write(&mock, &target, &current).expect("written again");
    assert_eq!(mock.contents("values"), VALUES);
    let upgrades = mock.runs().into_iter().filter(|argv| argv[1] == "upgrade");
    assert!(
        upgrades
            .clone()
            .all(|argv| argv.contains(&"--reuse-values=true".to_owned()))
    );
    assert_eq!(upgrades.count(), 2);
}

#[test]
fn a_client_id_that_changed_is_written_too() {
    let (mock, _, target) = World::new().open();
    let fresh = mock.credential("new\"id", SECRET);
    Helm::write(&mock, &target, &fresh).expect("written");
    assert_eq!(
        mock.contents("values"),
        VALUES.replace("'live-id'", "\"new\\\"id\"")
    );
}

#[test]
fn a_neighbours_secret_stays_byte_for_byte() {
    let values = format!(
        "{VALUES}scriptRunner:\n  privateKey: |\n    -----BEGIN\n     x \"y\"\n    -----END\n"
    );
    let (mock, _, target) = World::new().values(&values).open();
    let fresh = mock.credential("live-id", "fresh");
    Helm::write(&mock, &target, &fresh).expect("written");
    assert!(
        mock.contents("values")
            .ends_with(&values[values.len() - 90..])
    );
}

#[test]
fn a_failed_upgrade_says_whether_it_can_be_repeated() {
    let failed = || World::new().fails("upgrade", "Error: UPGRADE FAILED: odd");
    for (world, kind, said) in [
        (failed(), Unavailable, "holds the secret already"),
        (
            failed().answer("history", json!([revision(8, "failed")])),
            Unavailable,
            "UPGRADE FAILED",
        ),
        (
            failed().answer("history", json!([revision(8, "pending-upgrade")])),
            Unavailable,
            "`helm rollback matillion-agent 7 ",
        ),
        (
            failed().text("may-store", "no"),
            Denied,
            "may not update secrets",
        ),
        (
            failed().fails("history", "not found"),
            Missing,
            "an upgrade does not install one",
        ),
        (
            failed()
                .fails("history", "unreachable")
                .fails("list", "unreachable"),
            Uncertain,
            "helm's record can't be read",
        ),
        (
            World::new()
                .fails("history", "unreachable")
                .fails("list", "unreachable"),
            Uncertain,
            "the upgrade was made",
        ),
    ] {
        let (mock, _, target) = world.open();
        let fresh = mock.credential("live-id", "fresh-secret");
        let failure = Helm::write(&mock, &target, &fresh).expect_err("failed");
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains(said), "{said}: {failure}");
        assert!(mock.contents("values").contains("fresh-secret"));
    }
}

#[test]
fn a_file_that_someone_else_changed_is_a_conflict_and_nothing_is_upgraded() {
    let (mock, _, target) = World::new().open();
    let fresh = mock.credential("live-id", "fresh-secret");
    let file = crate::file::File::read(&mock).expect("read");
    mock.file("values", &format!("{VALUES}more: x\n"));
    let held = file.held(&target.settings).expect("held");
    let text = held.with(&fresh, &target.settings).expect("text");
    let failure = file.replace(&mock, &text).expect_err("changed since");
    assert_eq!(failure.kind, Conflict);
    assert!(mock.contents("values").ends_with("more: x\n"));

    let (mock, _, target) = World::new().values("a: b\n").open();
    let failure = Helm::write(&mock, &target, &fresh).expect_err("nothing to replace");
    assert_eq!((failure.kind, mock.runs().len()), (Rejected, 0));
}

#[test]
fn verify_compares_the_file_and_the_release() {
    let (mock, current, target) = World::new().open();
    let receipt = Helm::verify(&mock, &target, &current).expect("verified");
    assert_eq!(receipt, Receipt::new(LOCATION, "revision 7").compared());

    let mut other_id = config(SECRET);
    other_id["config"]["oauthClientId"] = json!("other");
    for (world, kind, said) in [
        (
            World::new().values(&VALUES.replace("s3cr", "old")),
            Conflict,
            "who else writes it",
        ),
        (
            World::new().values(&VALUES.replace("live-id", "old")),
            Conflict,
            "who else writes it",
        ),
        (
            World::new().answer("released-values", config("old")),
            Conflict,
            "who else upgrades it",
        ),
        (
            World::new().answer("released-values", other_id),
            Conflict,
            "who else upgrades it",
        ),
        (
            World::new().answer("released-values", json!(null)),
            Conflict,
            "who else upgrades it",
        ),
        (
            World::new().answer("history", json!([revision(8, "failed")])),
            Conflict,
            "revision 8",
        ),
        (
            World::new().answer("history", json!([revision(8, "pending-rollback")])),
            Unavailable,
            "pending-rollback",
        ),
        (
            World::new().fails("released-values", "unreachable"),
            Unavailable,
            "unreachable",
        ),
    ] {
        let (mock, current, target) = world.open();
        let failure = Helm::verify(&mock, &target, &current).expect_err("not so");
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains(said), "{said}: {failure}");
    }
}
