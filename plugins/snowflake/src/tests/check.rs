use keyferry_sdk::FailureKind::{self, Denied, Missing, Rejected, Unavailable};
use keyferry_sdk::{Currency, Obstacle, Sink};
use serde_json::{Value, json};

use super::{World, grants, secret, statements, table};
use crate::Snowflake;

fn warnings(world: World) -> Vec<String> {
    let (mock, current, target) = world.open();
    Snowflake::check(&mock, &target, &current)
        .expect("a plan")
        .warnings
}

#[test]
fn a_plan_says_where_and_how_and_changes_nothing() {
    for (world, step, asked) in [
        (
            World::new(),
            "suspend APP.CORE.RUNNER, and resume it once it is",
            &[
                "DESCRIBE SERVICE APP.CORE.RUNNER",
                "SHOW GRANTS ON SERVICE APP.CORE.RUNNER",
            ][..],
        ),
        (
            World::call(),
            "call APP.CORE.RESTART()",
            &["DESCRIBE PROCEDURE APP.CORE.RESTART()"],
        ),
        (World::by_hand(), "by hand", &[]),
    ] {
        let (mock, current, target) = world.open();
        let plan = Snowflake::check(&mock, &target, &current).expect("a plan");
        assert_eq!(plan.location, "APP.SECRETS.\"Oauth Secret\" in myorg-acct");
        assert_eq!(plan.stored, Currency::Unreadable);
        assert!(plan.steps[0].starts_with("ALTER SECRET APP.SECRETS.\"Oauth Secret\""));
        assert!(plan.steps[1].contains(step), "{:?}", plan.steps);
        let reads = ["DESCRIBE SECRET", "SHOW GRANTS ON SECRET"]
            .map(|what| format!("{what} APP.SECRETS.\"Oauth Secret\""));
        let expected: Vec<String> = reads
            .into_iter()
            .chain(asked.iter().map(|s| (*s).to_owned()))
            .collect();
        assert_eq!(statements(&mock), expected);
        for sent in mock.requests() {
            assert_eq!(sent.json()["role"], "ETL_ADMIN");
            assert_eq!(sent.json()["timeout"], 30);
            assert_eq!(sent.header("accept"), Some("application/json"));
        }
        let [unseen, id] = &plan.warnings[..] else {
            panic!("{:?}", plan.warnings)
        };
        assert!(unseen.contains("never shown"), "{unseen}");
        assert!(id.contains("live-id"), "{id}");
    }
}

#[test]
fn what_can_not_be_confirmed_is_a_warning() {
    let on_secret = "SHOW GRANTS ON SECRET";
    let cases: Vec<(World, &str)> = vec![
        (
            World::new().answer(
                "DESCRIBE SECRET",
                200,
                secret(&[("owner", json!("SYSADMIN"))]),
            ),
            "owned by SYSADMIN and not by ETL_ADMIN",
        ),
        (
            World::new().answer(on_secret, 200, grants(&[])),
            "no application may read",
        ),
        (
            World::new().answer(
                on_secret,
                200,
                grants(&[("READ", "ROLE", "APP"), ("USAGE", "ROLE", "APP")]),
            ),
            "no application may read",
        ),
        (
            World::new().answer(on_secret, 200, grants(&[("USAGE", "APPLICATION", "APP")])),
            "APP has USAGE on APP.SECRETS.\"Oauth Secret\" but not READ",
        ),
        (
            World::new().answer(on_secret, 200, grants(&[("READ", "APPLICATION", "APP")])),
            "but not USAGE",
        ),
        (
            World::new().answer(
                on_secret,
                200,
                grants(&[
                    ("USAGE", "APPLICATION", "ONE"),
                    ("READ", "APPLICATION", "TWO"),
                ]),
            ),
            "ONE has USAGE",
        ),
        (
            World::new().error(on_secret, "003001", "42501"),
            "grants could not be looked at",
        ),
        (
            World::new().service(&[("status", json!("SUSPENDED"))]),
            "will resume it",
        ),
        (
            World::new().service(&[("status", json!("PENDING"))]),
            "is PENDING and not running",
        ),
        (
            World::new().answer(
                "SHOW GRANTS ON SERVICE",
                200,
                grants(&[("MONITOR", "ROLE", "ETL_ADMIN")]),
            ),
            "not granted OPERATE",
        ),
        (
            World::new().answer(
                "SHOW GRANTS ON SERVICE",
                200,
                grants(&[("OPERATE", "ROLE", "OTHER")]),
            ),
            "not granted OPERATE",
        ),
        (
            World::new().error("SHOW GRANTS ON SERVICE", "002003", "02000"),
            "grants could not be looked at",
        ),
    ];
    for (world, said) in cases {
        let warnings = warnings(world);
        assert_eq!(warnings.len(), 3, "{said}: {warnings:?}");
        assert!(
            warnings.iter().any(|warning| warning.contains(said)),
            "{said}: {warnings:?}"
        );
    }
}

#[test]
fn an_application_that_owns_the_secret_reads_it() {
    let owned = grants(&[("OWNERSHIP", "APPLICATION", "APP")]);
    let world = World::new().answer("SHOW GRANTS ON SECRET", 200, owned);
    assert_eq!(warnings(world).len(), 2);
}

#[test]
fn names_count_without_their_case_and_columns_may_be_in_capitals() {
    let described = table(
        &["NAME", "SECRET_TYPE", "OWNER"],
        &[vec![
            json!("OAUTH SECRET"),
            json!("Generic"),
            json!("ETL_ADMIN"),
        ]],
    );
    let world = World::new().answer("DESCRIBE SECRET", 200, described);
    assert_eq!(warnings(world).len(), 2);
}

#[test]
fn what_makes_a_refresh_unsafe_is_refused() {
    let described =
        |changes: &[(&str, Value)]| World::new().answer("DESCRIBE SECRET", 200, secret(changes));
    let empty = || table(&["name"], &[]);
    let cases: Vec<(World, FailureKind, &str)> = vec![
        (
            described(&[("secret_type", json!("PASSWORD"))]),
            Rejected,
            "of the type PASSWORD",
        ),
        (
            described(&[("secret_type", json!("OAUTH2"))]),
            Rejected,
            "of the type OAUTH2",
        ),
        (
            described(&[("secret_type", json!(null))]),
            Rejected,
            "does not say of what type",
        ),
        (
            described(&[("name", json!("OTHER"))]),
            Rejected,
            "another secret",
        ),
        (
            described(&[("schema_name", json!("OTHER"))]),
            Rejected,
            "APP.OTHER.Oauth Secret",
        ),
        (
            World::new().answer("DESCRIBE SECRET", 200, empty()),
            Missing,
            "with no row",
        ),
        (
            World::new().error("DESCRIBE SECRET", "002003", "02000"),
            Missing,
            "may not see it",
        ),
        (
            World::new().error("DESCRIBE SECRET", "003001", "42501"),
            Denied,
            "to alter a secret it must own it",
        ),
        (
            World::new().error("DESCRIBE SECRET", "001003", "42000"),
            Rejected,
            "why it failed",
        ),
        (
            World::new().answer("DESCRIBE SECRET", 401, super::error("390144", "08001")),
            Denied,
            "this machine's clock",
        ),
        (
            World::new().answer("DESCRIBE SECRET", 403, json!(null)),
            Denied,
            "network policy",
        ),
        (
            World::new().answer("DESCRIBE SECRET", 404, json!(null)),
            Missing,
            "see the account",
        ),
        (
            World::new().answer("DESCRIBE SECRET", 503, json!(null)),
            Unavailable,
            "503",
        ),
        (
            World::new().answer("DESCRIBE SECRET", 200, json!([])),
            Unavailable,
            "not the JSON expected",
        ),
        (
            World::new().answer("DESCRIBE SECRET", 200, json!({})),
            Unavailable,
            "not the JSON expected",
        ),
        (
            World::new().lost("DESCRIBE SECRET", Obstacle::TimedOut, true),
            Unavailable,
            "no answer",
        ),
        (
            World::new().lost("SHOW GRANTS ON SECRET", Obstacle::TimedOut, true),
            Unavailable,
            "no answer",
        ),
        (
            World::new().service(&[("is_job", json!("true"))]),
            Rejected,
            "is a job",
        ),
        (
            World::new().service(&[("status", json!("DELETED"))]),
            Missing,
            "being dropped",
        ),
        (
            World::new().answer("DESCRIBE SERVICE", 200, empty()),
            Missing,
            "with no row",
        ),
        (
            World::new().error("DESCRIBE SERVICE", "002003", "02000"),
            Missing,
            "DESCRIBE SERVICE",
        ),
        (
            World::new().answer("SHOW GRANTS ON SERVICE", 429, json!(null)),
            Unavailable,
            "429",
        ),
        (
            World::call().error("DESCRIBE PROCEDURE", "002003", "02000"),
            Missing,
            "DESCRIBE PROCEDURE",
        ),
        (
            World::new().without("service"),
            Rejected,
            "takes the setting service",
        ),
        (
            World::new().setting("procedure", "A.B.C"),
            Rejected,
            "and no procedure",
        ),
        (
            World::call().without("procedure"),
            Rejected,
            "takes the setting procedure",
        ),
        (
            World::call().setting("service", "A.B.C"),
            Rejected,
            "and no service",
        ),
        (
            World::by_hand().setting("service", "A.B.C"),
            Rejected,
            "neither",
        ),
    ];
    for (world, kind, said) in cases {
        let (mock, current, target) = world.open();
        let failure = Snowflake::check(&mock, &target, &current).expect_err(said);
        assert!(
            failure.message.contains(said),
            "{failure} does not say {said}"
        );
        assert_eq!(failure.kind, kind, "{failure}");
    }
}
