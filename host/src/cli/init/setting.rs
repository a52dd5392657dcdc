//! One setting as the sink's schema describes it: what to ask, which words may be the answer, and
//! whether the schema takes one.

#[cfg(test)]
mod tests;

use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::questions::{Answer, NONE_OF_THEM};

/// A property of a settings schema.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting<'s> {
    schema: &'s Value,
    /// Its key.
    pub name: &'s str,
}

/// A word that a setting may be, and what it means.
pub type Choice = (String, String);

/// The settings without which the sink can't work, in the order that the schema requires them.
pub fn required(schema: &Value) -> Vec<Setting<'_>> {
    let names = schema["required"].as_array().into_iter().flatten();
    let names = names.filter_map(Value::as_str);
    names.map(|name| Setting { schema, name }).collect()
}

/// The others.
pub fn optional(schema: &Value) -> Vec<Setting<'_>> {
    let required = required(schema);
    let names = schema["properties"].as_object().into_iter().flatten();
    let all = names.map(|(name, _)| Setting { schema, name });
    all.filter(|one| !required.contains(one)).collect()
}

/// As the config writes it; TOML has no null.
pub fn toml(value: &Value) -> Option<toml::Value> {
    toml::Value::deserialize(value).ok()
}

impl<'s> Setting<'s> {
    /// What the schema says of it.
    pub fn about(self) -> &'s str {
        let own = self.property()["description"].as_str();
        let own = own.or_else(|| self.meaning()["description"].as_str());
        own.unwrap_or_default()
    }

    /// The same as a question.
    pub fn question(self) -> String {
        match sentence(self.about()) {
            text if text.is_empty() => self.name.to_owned(),
            text => text,
        }
    }

    /// What it is if it is left out.
    pub fn default(self) -> Option<toml::Value> {
        self.property().get("default").and_then(toml)
    }

    /// The words that it may be; none if it is free.
    pub fn choices(self) -> Vec<Choice> {
        let node = self.meaning();
        let listed: Option<Vec<_>> = match alternatives(node) {
            Some(all) => all.map(|one| given(meaning(self.schema, one))).collect(),
            None => given(node).map(|words| vec![words]),
        };
        listed.unwrap_or_default().concat()
    }

    /// The value that an answer stands for, if the schema takes it. A text needs no quotes;
    /// anything else is written as in the config, or as JSON.
    pub fn fit(self, answer: &str) -> Answer<Value> {
        if answer.is_empty() {
            return Err("this is needed".to_owned());
        }
        let text = Value::from(answer);
        let Some(refused) = self.problem(&text) else {
            return Ok(text);
        };
        let parsed = parsed(answer);
        let problem = parsed.as_ref().and_then(|value| self.problem(value));
        match (parsed, problem) {
            (Some(value), None) => Ok(value),
            _ if !self.choices().is_empty() => Err(NONE_OF_THEM.to_owned()),
            (_, Some(problem)) if !self.takes_text() => Err(problem),
            _ => Err(refused),
        }
    }

    /// Why the schema refuses a value whatever the other settings are.
    fn problem(self, value: &Value) -> Option<String> {
        let validator = match jsonschema::validator_for(self.schema) {
            Ok(validator) => validator,
            Err(error) => return Some(format!("the sink's own schema can't be used: {error}")),
        };
        let alone = Value::Object(Map::from_iter([(self.name.to_owned(), value.clone())]));
        // What is wrong with the whole is that the other settings are not there.
        let mut errors = validator.iter_errors(&alone);
        let own = errors.find(|error| !error.instance_path().as_str().is_empty());
        own.map(|error| error.to_string())
    }

    fn takes_text(self) -> bool {
        match &self.meaning()["type"] {
            Value::Array(types) => types.iter().any(|one| one == "string"),
            one => one == "string",
        }
    }

    fn property(self) -> &'s Value {
        &self.schema["properties"][self.name]
    }

    fn meaning(self) -> &'s Value {
        meaning(self.schema, self.property())
    }
}

/// The first sentence in one line, without its full stop.
pub fn sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let begins = |at: usize| text[at + 2..].starts_with(char::is_uppercase);
    let end = text.match_indices(". ").find(|(at, _)| begins(*at));
    let first = end.map_or(text.as_str(), |(at, _)| &text[..at]);
    first.strip_suffix('.').unwrap_or(first).to_owned()
}

fn parsed(answer: &str) -> Option<Value> {
    let table = toml::from_str::<toml::Table>(&format!("answer = {answer}"));
    let value = table.ok().and_then(|mut table| table.remove("answer"));
    let value = value.and_then(|value| serde_json::to_value(value).ok());
    value.or_else(|| serde_json::from_str(answer).ok())
}

/// What stands behind references, and behind a choice between one thing and nothing.
fn meaning<'s>(schema: &'s Value, mut node: &'s Value) -> &'s Value {
    // A schema may refer in circles.
    for _ in 0..8 {
        let next = match node["$ref"].as_str().and_then(|at| at.strip_prefix('#')) {
            Some(pointer) => schema.pointer(pointer),
            None => {
                alternatives(node).and_then(|mut all| all.next().filter(|_| all.next().is_none()))
            }
        };
        let Some(next) = next else { break };
        node = next;
    }
    node
}

fn alternatives(node: &Value) -> Option<impl Iterator<Item = &Value>> {
    let all = node.get("oneOf").or_else(|| node.get("anyOf"))?;
    let all = all.as_array()?.iter();
    Some(all.filter(|one| one["type"] != "null"))
}

/// The words that a schema spells out; `None` if it takes others as well.
fn given(node: &Value) -> Option<Vec<Choice>> {
    let values = match (node.get("const"), node["enum"].as_array()) {
        (Some(only), _) => vec![only],
        (None, Some(values)) => values.iter().filter(|one| !one.is_null()).collect(),
        (None, None) if node["type"] == "boolean" => vec![&Value::Bool(true), &Value::Bool(false)],
        (None, None) => return None,
    };
    // What is said of several is said of the setting, and of no word.
    let about = match values.len() {
        1 => node["description"].as_str().unwrap_or_default(),
        _ => "",
    };
    let word = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
    let words = values
        .into_iter()
        .map(|value| (word(value), sentence(about)));
    Some(words.collect())
}
