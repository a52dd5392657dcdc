//! What a plan refuses before anything is asked of the issuer, and what the approval shows.

use keyferry_tests::snowflake::Operation;
use serde_json::json;

use crate::{RUNNER, World, each};

#[test]
fn a_plan_that_can_not_work_is_refused() {
    for said in ["of the type PASSWORD", "002003", "003001"] {
        let world = World::new(&[]);
        match said {
            "002003" => world.snowflake.drop_secret(),
            "003001" => world.snowflake.deny(Operation::DescribeSecret),
            _ => world.snowflake.set_type("PASSWORD"),
        }
        let refused = world.refresh(3);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
        assert_eq!(world.issuer.refreshes(&world.id), 0);
        assert_eq!(world.snowflake.count(Operation::AlterSecret), 0);
    }
}

#[test]
fn an_application_without_the_right_to_read_is_a_warning() {
    let world = World::new(&[]);
    world.snowflake.revoke_grants();
    let plan = world.run(&["plan", RUNNER]);
    assert_eq!(plan.code, Some(0), "{}", plan.stderr);
    assert!(
        plan.stderr.contains("no application may read"),
        "{}",
        plan.stderr
    );
    assert_eq!(world.snowflake.count(Operation::AlterSecret), 0);
}

#[test]
fn settings_that_are_no_identifiers_never_reach_snowflake() {
    let cases = [
        ("secret", "A.B.C SET COMMENT = 'x'"),
        ("secret", "A.B.C'; DROP SECRET A.B.C; --"),
        ("secret", "A.B.\"C"),
        ("secret", "SECRETS.OAUTH"),
        ("service", "A.B.C SUSPEND; DROP SERVICE A.B.C"),
        ("procedure", "A.B.C('x')"),
        ("account", "evil.example.com/x"),
        ("account", "my_org"),
        ("role", "R\nX"),
        ("restart", "now"),
        ("spelling", "wrong"),
    ];
    each(&cases, |(setting, value)| {
        let world = World::with(&[], |_, settings| settings[*setting] = json!(value));
        let plan = world.run(&["plan", RUNNER]);
        assert!(
            matches!(plan.code, Some(1 | 3)),
            "{:?} {}",
            plan.code,
            plan.stderr
        );
        assert!(plan.stderr.contains(*setting), "{}", plan.stderr);
        assert!(world.snowflake.requests().is_empty());
    });
}

#[test]
fn the_approval_shows_every_statement_to_the_letter() {
    let world = World::new(&[]);
    let shown = world.run(&["plugins", "inspect", "snowflake"]);
    let text = format!("{}{}", shown.stdout, shown.stderr);
    for statement in [
        "ALTER SECRET {secret} SET SECRET_STRING = '{token}'",
        "DESCRIBE SECRET {secret}",
        "SHOW GRANTS ON SECRET {secret}",
        "ALTER SERVICE {service} SUSPEND",
        "ALTER SERVICE {service} RESUME",
        "CALL {procedure}()",
    ] {
        assert!(text.contains(statement), "{statement} is not in {text}");
    }
    assert_eq!(text.matches("CARRIES THE SECRET").count(), 1);
}
