//! A runner's settings against the schema of its sink: what is wrong, and defaults filled in.

use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value};

/// Why settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The sink's schema is none.
    #[error("the settings schema of the sink is no JSON Schema: {0}")]
    Schema(String),
    /// They break it.
    #[error("the settings of runner `{runner}` are not what sink `{sink}` takes:\n{}", problems.join("\n"))]
    Invalid {
        /// The runner.
        runner: String,
        /// The sink.
        sink: String,
        /// A line each: pointer and reason.
        problems: Vec<String>,
    },
}

/// The settings with the schema's defaults filled in at the top.
///
/// # Errors
/// If they break the schema; every place is named.
pub fn complete(
    runner: &str,
    sink: &str,
    schema: &Value,
    settings: &Map<String, Value>,
) -> Result<Map<String, Value>, SettingsError> {
    let mut settings = settings.clone();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        if let Some(default) = property.get("default").filter(|default| !default.is_null())
            && !settings.contains_key(name)
        {
            settings.insert(name.clone(), default.clone());
        }
    }
    let validator = jsonschema::validator_for(schema)
        .map_err(|error| SettingsError::Schema(error.to_string()))?;
    let settings = Value::Object(settings);
    let known: Vec<&str> = properties
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    let problems: Vec<String> = validator
        .iter_errors(&settings)
        .map(|error| {
            let pointer = error.instance_path().to_string();
            let place = if pointer.is_empty() {
                "settings"
            } else {
                &pointer
            };
            format!("  {place}: {error}{}", meant(error.kind(), &known))
        })
        .collect();
    let Value::Object(settings) = settings else {
        return Err(SettingsError::Schema("it takes no object".to_owned()));
    };
    match problems.is_empty() {
        true => Ok(settings),
        false => Err(SettingsError::Invalid {
            runner: runner.into(),
            sink: sink.into(),
            problems,
        }),
    }
}

/// For a setting that the sink does not know: the one that may be meant.
fn meant(kind: &ValidationErrorKind, known: &[&str]) -> String {
    let ValidationErrorKind::AdditionalProperties { unexpected } = kind else {
        return String::new();
    };
    unexpected
        .iter()
        .filter_map(|given| {
            let near = known
                .iter()
                .map(|name| (strsim::damerau_levenshtein(given, name), name));
            near.min()
                .filter(|(distance, name)| *distance <= name.len().max(3) / 3)
        })
        .map(|(_, name)| format!("; did you mean `{name}`?"))
        .collect()
}
