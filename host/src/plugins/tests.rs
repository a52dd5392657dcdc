use serde_json::{Value, json};

use super::complete;

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "region": { "type": "string", "pattern": "^[a-z0-9-]+$" },
            "secret_id": { "type": "string" },
            "client_id_key": { "type": "string", "default": "client_id" },
            "optional": { "type": ["string", "null"], "default": null }
        },
        "required": ["region", "secret_id"],
        "additionalProperties": false
    })
}

fn fill(settings: Value) -> Result<Value, String> {
    let settings = settings.as_object().unwrap();
    complete("etl", "aws-ecs", &schema(), settings)
        .map(Value::Object)
        .map_err(|error| error.to_string())
}

#[test]
fn defaults_are_filled_in_and_nothing_else() {
    let filled = fill(json!({"region": "eu-west-1", "secret_id": "s"})).unwrap();
    let expected = json!({"region": "eu-west-1", "secret_id": "s", "client_id_key": "client_id"});
    assert_eq!(filled, expected);
    let kept = fill(json!({"region": "r", "secret_id": "s", "client_id_key": "id"})).unwrap();
    assert_eq!(kept["client_id_key"], "id");
}

#[test]
fn every_wrong_place_is_named_with_its_pointer() {
    let error = fill(json!({"region": "EU WEST", "secretid": "s"})).unwrap_err();
    for part in [
        "runner `etl`",
        "/region",
        "secret_id",
        "did you mean `secret_id`?",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
}
