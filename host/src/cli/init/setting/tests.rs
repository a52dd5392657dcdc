use serde_json::json;

use super::*;

fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["place", "way", "count"],
        "$defs": {
            "Way": { "description": "How it goes.", "oneOf": [
                { "const": "fast", "description": "At once. No pause." },
                { "const": "slow" },
            ] },
            "Round": { "$ref": "#/$defs/Round" },
        },
        "properties": {
            "count": { "type": "integer", "maximum": 3 },
            "flag": { "type": "boolean", "default": false },
            "names": { "type": ["array", "null"], "items": { "type": "string" } },
            "other_way": { "anyOf": [{ "$ref": "#/$defs/Way" }, { "type": "null" }] },
            "place": {
                "type": "string", "pattern": "^[a-z0-9]+$",
                "description": "Where it is, e.g. `here`\nor there. Ask someone.",
            },
            "round": { "$ref": "#/$defs/Round" },
            "table": { "type": "object" },
            "way": { "$ref": "#/$defs/Way", "description": "The way" },
            "word": { "enum": ["a", "b", null] },
        },
    })
}

fn fit(name: &str, answer: &str) -> Answer<Value> {
    let schema = schema();
    Setting {
        schema: &schema,
        name,
    }
    .fit(answer)
}

#[test]
fn the_required_come_in_their_order_and_the_rest_after_them() {
    let schema = schema();
    let names = |all: Vec<Setting<'_>>| {
        all.iter()
            .map(|one| one.name.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(required(&schema)), ["place", "way", "count"]);
    let rest = ["flag", "names", "other_way", "round", "table", "word"];
    assert_eq!(names(optional(&schema)), rest);
    assert!(required(&json!(true)).is_empty() && optional(&json!(true)).is_empty());
}

#[test]
fn the_question_is_the_first_sentence() {
    let schema = schema();
    let question = |name| {
        Setting {
            schema: &schema,
            name,
        }
        .question()
    };
    assert_eq!(question("place"), "Where it is, e.g. `here` or there");
    assert_eq!(question("way"), "The way");
    assert_eq!(question("other_way"), "How it goes");
    assert_eq!(question("count"), "count");
    assert_eq!(question("absent"), "absent");
}

#[test]
fn choices_are_found_wherever_the_schema_spells_them_out() {
    let schema = schema();
    let choices = |name| {
        let choices = Setting {
            schema: &schema,
            name,
        }
        .choices();
        choices
            .into_iter()
            .map(|(word, _)| word)
            .collect::<Vec<_>>()
    };
    for name in ["way", "other_way"] {
        assert_eq!(choices(name), ["fast", "slow"], "{name}");
    }
    assert_eq!(choices("word"), ["a", "b"]);
    assert_eq!(choices("flag"), ["true", "false"]);
    for free in ["place", "count", "names", "round", "table", "absent"] {
        assert!(choices(free).is_empty(), "{free}");
    }
    let meanings = Setting {
        schema: &schema,
        name: "way",
    }
    .choices();
    assert_eq!(meanings[0].1, "At once");
    assert_eq!(meanings[1].1, "");
}

#[test]
fn an_answer_becomes_the_value_that_the_schema_takes() {
    for (name, answer, value) in [
        ("place", "42", json!("42")),
        ("way", "slow", json!("slow")),
        ("other_way", "fast", json!("fast")),
        ("count", "3", json!(3)),
        ("flag", "true", json!(true)),
        ("names", "[\"a\", 'b']", json!(["a", "b"])),
        ("table", "{ k = 1 }", json!({ "k": 1 })),
        ("table", "{\"k\": [1]}", json!({ "k": [1] })),
    ] {
        assert_eq!(fit(name, answer), Ok(value), "{name} {answer}");
    }
}

#[test]
fn what_the_schema_refuses_is_said() {
    for (name, answer, reason) in [
        ("place", "", "needed"),
        ("place", "No Way", "does not match"),
        ("place", "[1]", "does not match"),
        ("way", "sideways", NONE_OF_THEM),
        ("flag", "yes", NONE_OF_THEM),
        ("count", "4", "maximum"),
        ("count", "many", "integer"),
        ("names", "[1]", "string"),
    ] {
        let problem = fit(name, answer).expect_err(name);
        assert!(problem.contains(reason), "{name} {answer}: {problem}");
    }
}

#[test]
fn values_are_written_as_toml() {
    for (value, text) in [
        (json!("a\"b"), "'a\"b'"),
        (json!(7), "7"),
        (json!(1.5), "1.5"),
        (json!([true, "x"]), "[true, \"x\"]"),
        (json!({ "k": 1 }), "{ k = 1 }"),
    ] {
        assert_eq!(
            toml(&value).map(|value| value.to_string()).as_deref(),
            Some(text)
        );
    }
    assert_eq!(toml(&Value::Null), None);
}
