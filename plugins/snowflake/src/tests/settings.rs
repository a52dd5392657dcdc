//! What the schema lets through stands in SQL; what the needs allow is what was approved.

use keyferry_sdk::mock::Mock;
use keyferry_sdk::{Host, Need, Obstacle, Request, Sink};
use serde_json::{Value, json};

use super::{API, World};
use crate::{Settings, Snowflake};

fn pattern(setting: &str) -> String {
    let schema = schemars::schema_for!(Settings).to_value();
    schema["properties"][setting]["pattern"]
        .as_str()
        .expect("a pattern")
        .to_owned()
}

#[test]
fn every_text_that_stands_in_sql_or_an_address_has_a_pattern() {
    for setting in [
        "account",
        "secret",
        "role",
        "warehouse",
        "service",
        "procedure",
    ] {
        let pattern = pattern(setting);
        assert!(
            pattern.starts_with('^') && pattern.ends_with('$'),
            "{pattern}"
        );
    }
    let schema = schemars::schema_for!(Settings).to_value();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(
        schema["required"],
        json!(["account", "secret", "role", "restart"])
    );
}

#[test]
fn only_identifiers_go_into_sql() {
    let name = regex::Regex::new(&pattern("secret")).expect("a pattern");
    for good in [
        "APP.SECRETS.OAUTH",
        "app._s$1.O9",
        r#"APP.SECRETS."My Secret""#,
        r#""a.b"."it''s; -- ""quoted"""."é""#,
    ] {
        assert!(name.is_match(good), "{good}");
    }
    for bad in [
        "",
        "OAUTH",
        "SECRETS.OAUTH",
        "A.B.C.D",
        "A.B.C SET COMMENT = 'x'",
        "A.B.C; DROP SECRET A.B.C",
        "A.B.C--",
        "A.B.C\n",
        "A.B.C()",
        "A.B.'C'",
        "A.B.1C",
        "A..C",
        "A.B.é",
        r#"A.B."""#,
        r#"A.B."C"#,
        r#"A.B."C"D"#,
        r#"A.B."C" "D""#,
        "A.B.\"C\nD\"",
        "IDENTIFIER('A').B.C",
    ] {
        assert!(!name.is_match(bad), "{bad}");
    }
    for setting in ["service", "procedure"] {
        assert_eq!(pattern(setting), pattern("secret"));
    }
    let account = regex::Regex::new(&pattern("account")).expect("a pattern");
    for good in [
        "myorg-acct",
        "xy12345.eu-west-1.aws",
        "MYORG-ACCT.privatelink",
    ] {
        assert!(account.is_match(good), "{good}");
    }
    for bad in [
        "", "my_org", "a/b", "a@b", "a..b", "a:443", ".a", "a#b", "-a",
    ] {
        assert!(!account.is_match(bad), "{bad}");
    }
    let role = regex::Regex::new(&pattern("role")).expect("a pattern");
    assert!(role.is_match("My Role") && !role.is_match("\"R\"") && !role.is_match("R\n"));
}

#[test]
fn one_request_is_allowed_and_no_other_like_it() {
    let (mock, _, target) = World::new().open();
    let with_id = format!("{API}?requestId={}&retry=true", target.attempt);
    let body =
        |statement: &str| json!({ "statement": statement, "timeout": 30, "role": "ETL_ADMIN" });
    let store = "ALTER SECRET APP.SECRETS.\"Oauth Secret\" SET SECRET_STRING = ";
    let mut other_role = body("DESCRIBE SERVICE APP.CORE.RUNNER");
    other_role["role"] = json!("ACCOUNTADMIN");
    let mut many = body("DESCRIBE SERVICE APP.CORE.RUNNER");
    many["parameters"] = json!({ "multi_statement_count": 0 });
    let mut elsewhere = body("DESCRIBE SERVICE APP.CORE.RUNNER");
    elsewhere["warehouse"] = json!("BIG");
    let refused: Vec<(&str, Value)> = vec![
        (API, body("DROP SECRET APP.SECRETS.\"Oauth Secret\"")),
        (API, body("DESCRIBE SECRET APP.SECRETS.OTHER")),
        (
            API,
            body("DESCRIBE SERVICE APP.CORE.RUNNER; DROP SERVICE APP.CORE.RUNNER"),
        ),
        (API, body("CALL APP.CORE.RESTART()")),
        (API, other_role),
        (API, many),
        (API, elsewhere),
        (API, body(&format!("{store}'chosen'"))),
        (&with_id, body(&format!("{store}'chosen'"))),
        (&with_id, body("DESCRIBE SERVICE APP.CORE.RUNNER")),
    ];
    for (url, body) in refused {
        let host: &dyn Host = &mock;
        let request = Request {
            method: "POST".to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        };
        let answer = host.send(request).expect_err("not approved");
        assert_eq!(answer.why, Obstacle::NotApproved, "{body}");
    }
}

#[test]
fn only_the_statement_that_stores_carries_the_secret() {
    let manifest = Snowflake::describe();
    let carries: Vec<&str> = manifest
        .needs
        .iter()
        .filter_map(|need| match need {
            Need::Http(need) if need.carries_secret => Some(need.url.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        carries,
        [
            "https://{account}.snowflakecomputing.com/api/v2/statements?requestId={attempt}&retry=true"
        ]
    );
    for need in &manifest.needs {
        let Need::Http(need) = need else {
            panic!("only requests")
        };
        assert!(!need.reason.is_empty());
        assert_eq!(need.auth.as_deref(), Some("snowflake"));
    }
}

#[test]
fn a_name_that_looks_like_a_place_for_a_name_stays_one() {
    let (mock, _, target) = World::new()
        .setting("service", "A.B.\"{secret}\"")
        .answer("ALTER SERVICE A.B", 200, super::done())
        .open();
    Snowflake::restart(&mock, &target, &keyferry_sdk::Receipt::new("there", "v"))
        .expect("suspended");
    assert_eq!(
        super::statements(&mock)[0],
        "DESCRIBE SERVICE A.B.\"{secret}\""
    );
}

#[test]
fn the_defaults_of_the_mock_need_no_warehouse() {
    let mock = Mock::of::<Snowflake>(json!({
        "account": "a", "secret": "A.B.C", "role": "R", "restart": "none",
    }));
    assert_eq!(mock.target::<Snowflake>().settings.warehouse, None);
}
