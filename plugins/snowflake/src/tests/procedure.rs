use keyferry_sdk::FailureKind::{Denied, Rejected, Unavailable, Uncertain};
use keyferry_sdk::RolloutState::{Failed, Progressing, Unseen};
use keyferry_sdk::mock::Reply;
use keyferry_sdk::{Obstacle, Receipt, Sink, Workload};
use serde_json::json;

use super::{API, HANDLE, World, done, error};
use crate::Snowflake;

#[test]
fn the_procedure_is_called_and_not_waited_for() {
    for warehouse in [None, Some("ETL_WH")] {
        let world = match warehouse {
            None => World::call(),
            Some(name) => World::call().setting("warehouse", name),
        };
        let (mock, _, target) = world.open();
        let workload =
            Snowflake::restart(&mock, &target, &Receipt::new("there", "v")).expect("called");
        assert_eq!(
            (workload.name.as_str(), workload.marker.as_str()),
            ("APP.CORE.RESTART()", HANDLE)
        );
        let [sent] = &mock.requests()[..] else {
            panic!("one request")
        };
        assert_eq!(sent.url, format!("{API}?async=true"));
        assert_eq!(sent.json()["statement"], "CALL APP.CORE.RESTART()");
        assert_eq!(sent.json()["timeout"], 3600);
        assert_eq!(
            sent.json().get("warehouse"),
            warehouse.map(|name| json!(name)).as_ref()
        );
    }
}

#[test]
fn a_call_that_may_have_begun_is_uncertain() {
    for (world, kind) in [
        (
            World::call().lost("CALL", Obstacle::TimedOut, true),
            Uncertain,
        ),
        (
            World::call().lost("CALL", Obstacle::Unreachable, false),
            Unavailable,
        ),
        (World::call().answer("CALL", 503, json!(null)), Uncertain),
        (World::call().answer("CALL", 429, json!(null)), Unavailable),
        (
            World::call().reply("CALL", Reply::text(200, "<html>")),
            Uncertain,
        ),
        (
            World::call().answer("CALL", 202, json!({ "statementHandle": "../x" })),
            Uncertain,
        ),
        (World::call().error("CALL", "000606", "57P03"), Rejected),
        (World::call().error("CALL", "003001", "42501"), Denied),
    ] {
        let (mock, _, target) = world.open();
        let failure =
            Snowflake::restart(&mock, &target, &Receipt::new("there", "v")).expect_err("no");
        assert_eq!(failure.kind, kind, "{failure}");
    }
    let (mock, _, target) = World::call().error("CALL", "000606", "57P03").open();
    let failure = Snowflake::restart(&mock, &target, &Receipt::new("there", "v")).expect_err("no");
    assert!(failure.message.contains("name a warehouse"), "{failure}");
}

#[test]
fn the_call_is_followed_to_its_end() {
    for (status, body, state, said) in [
        (202, done(), Progressing, "is running"),
        (200, done(), Unseen, "is done"),
        (422, error("100183", "P0000"), Failed, "why it failed"),
        (408, error("000630", "57014"), Failed, "000630"),
        (404, json!(null), Failed, "knows the statement"),
    ] {
        let (mock, _, target) = World::call().look(status, body).open();
        let rollout =
            Snowflake::observe(&mock, &target, &Workload::new("x", HANDLE)).expect("a rollout");
        assert_eq!(rollout.state, state);
        assert!(rollout.detail.contains(said), "{}", rollout.detail);
    }
    for (status, kind) in [(503, Unavailable), (429, Unavailable), (401, Denied)] {
        let (mock, _, target) = World::call().look(status, json!(null)).open();
        let failure =
            Snowflake::observe(&mock, &target, &Workload::new("x", HANDLE)).expect_err("no");
        assert_eq!(failure.kind, kind, "{failure}");
    }
}

#[test]
fn by_hand_the_operator_is_told_what_to_do_and_nothing_is_sent() {
    let (mock, _, target) = World::by_hand().open();
    let workload =
        Snowflake::restart(&mock, &target, &Receipt::new("there", "v")).expect("nothing to do");
    let rollout = Snowflake::observe(&mock, &target, &workload).expect("a rollout");
    assert_eq!(rollout.state, Unseen);
    assert!(
        rollout.detail.starts_with("restart the runner now"),
        "{}",
        rollout.detail
    );
    assert!(mock.requests().is_empty());
}
