use keyferry_sdk::Sink;
use keyferry_sdk::mock::Mock;
use serde_json::{Value, json};

use super::Held;
use crate::{AwsEcs, Settings};

fn mock() -> Mock {
    Mock::of::<AwsEcs>(
        json!({ "region": "eu-west-1", "cluster": "c", "service": "s", "secret_id": "x" }),
    )
}

fn settings() -> Settings {
    mock().target::<AwsEcs>().settings
}

/// The text with a fresh pair in it; `T` stands for the token.
fn edited(text: &str) -> String {
    let mock = mock();
    let fresh = mock.credential("fresh-id", "fresh-\"secret");
    let held = Held::parse(text, &settings()).expect("parses");
    let edited = held.with(&fresh, &settings());
    edited
        .replace(
            &fresh
                .client_secret
                .token(&[keyferry_sdk::Encoding::Json; 2]),
            "T",
        )
        .replace(
            &fresh.client_secret.token(&[keyferry_sdk::Encoding::Json]),
            "P",
        )
}

#[test]
fn only_the_two_values_change_and_no_other_byte() {
    for (before, after) in [
        (
            r#"{"client_id":"fresh-id","client_secret":"old"}"#,
            r#"{"client_id":"fresh-id","client_secret":"T"}"#,
        ),
        (
            r#"{"client_secret":"old","client_id":"old"}"#,
            r#"{"client_secret":"T","client_id":"fresh-id"}"#,
        ),
        (
            "{ \"z\" : 1.50,\r\n  \"client_secret\" :\t\"o\\\"ld\" ,\n\"\\u00e9\":\"caf\\u00e9\", \"a\":{\"client_secret\":\"x\"} }\n",
            "{ \"z\" : 1.50,\r\n  \"client_secret\" :\t\"T\" ,\n\"\\u00e9\":\"caf\\u00e9\", \"a\":{\"client_secret\":\"x\"} }\n",
        ),
        (
            r#"{"client_secret":null,"n":12345678901234567890123}"#,
            r#"{"client_secret":"T","n":12345678901234567890123}"#,
        ),
        (
            r#"{"a":1,"a":2,"client_secret":{"deep":[1]}}"#,
            r#"{"a":1,"a":2,"client_secret":"T"}"#,
        ),
        (
            r#"{"client_id":7,"client_secret":""}"#,
            r#"{"client_id":"fresh-id","client_secret":"T"}"#,
        ),
        (r#"{"a":"é" }"#, r#"{"a":"é","client_secret":"T" }"#),
        ("{ }", "{\"client_secret\":\"T\" }"),
        ("old", "P"),
        ("", "P"),
        ("[\"client_secret\"]", "P"),
        ("{not json", "P"),
        ("{\"a\":1} trailing", "P"),
    ] {
        assert_eq!(edited(before), after);
    }
}

#[test]
fn an_empty_secret_gets_both_keys() {
    let mock = mock();
    let fresh = mock.credential("i\"d", "s");
    let text = Held::Nothing.with(&fresh, &settings());
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["client_id"], "i\"d");
    assert!(
        fresh
            .client_secret
            .matches(document["client_secret"].as_str().expect("a token"))
    );
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    for text in [
        r#"{"client_secret":"a","client_secret":"b"}"#,
        r#"{"client_id":"a","client_id":"b"}"#,
    ] {
        let failure = Held::parse(text, &settings()).expect_err("refused");
        assert!(failure.message.contains("twice"), "{failure}");
    }
    assert_eq!(AwsEcs::describe().name, "aws-ecs");
}
