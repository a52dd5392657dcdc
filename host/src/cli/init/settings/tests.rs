use serde_json::json;

use super::*;

fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["place", "size"],
        "properties": {
            "dotted.name": { "type": "string" },
            "flag": { "type": "boolean", "default": false, "description": "One line.\nAnother: # [x]" },
            "note": { "type": "string", "default": "a\nb" },
            "place": { "type": "string", "default": "here" },
            "size": { "type": "integer" },
        },
    })
}

fn asked(schema: &Value, answers: &str) -> Map<String, Value> {
    let mut input = answers.as_bytes();
    let settings = ask(&mut Questions::new(&mut input), schema);
    let settings = settings.unwrap_or_else(|error| panic!("{}", error.error));
    assert!(input.is_empty(), "answers that nobody asked for");
    settings
}

#[test]
fn enter_takes_the_default_and_a_wrong_answer_is_asked_again() {
    let settings = asked(&schema(), "\nlarge\n\n4\n\n");
    assert_eq!(
        Value::Object(settings),
        json!({ "place": "here", "size": 4 })
    );
}

#[test]
fn the_rest_is_asked_for_by_name() {
    let settings = asked(&schema(), "there\n4\nplace\nflag, dotted.name\ntrue\nx y\n");
    let expected = json!({ "place": "there", "size": 4, "flag": true, "dotted.name": "x y" });
    assert_eq!(Value::Object(settings), expected);
}

#[test]
fn a_sink_without_settings_asks_nothing() {
    assert!(asked(&json!({ "type": "object" }), "").is_empty());
    assert_eq!(lines(&json!(true), &Map::new()), "");
}

#[test]
fn what_was_left_out_stands_as_comments() {
    let schema = schema();
    let settings = asked(&schema, "it's \"here\"\n4\n\n");
    let text = lines(&schema, &settings);
    let read: Value = toml::from_str(&text).expect("TOML");
    assert_eq!(read, Value::Object(settings));
    for line in [
        "# One line.",
        "# Another: # [x]",
        "# flag = false   # true, false",
    ] {
        assert!(text.lines().any(|own| own == line), "{line} in\n{text}");
    }
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(lines.count(), 2, "{text}");
    assert!(text.contains("# \"dotted.name\" = \"…\""), "{text}");
}
