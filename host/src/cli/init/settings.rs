//! A sink's settings, asked for as its own schema describes them. What the schema requires is a
//! question; the rest is offered by name, and stands as comments in the file if left out.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::questions::Questions;
use super::setting::{Setting, optional, required, toml};
use super::{key, quoted};
use crate::cli::exit::CliError;

/// Asks for all that is required, and for what the operator picks of the rest.
pub fn ask(questions: &mut Questions<'_>, schema: &Value) -> Result<Map<String, Value>, CliError> {
    let mut settings = Map::new();
    for setting in required(schema) {
        settings.insert(setting.name.to_owned(), ask_one(questions, setting)?);
    }
    for setting in pick(questions, &optional(schema))? {
        settings.insert(setting.name.to_owned(), ask_one(questions, setting)?);
    }
    Ok(settings)
}

fn ask_one(questions: &mut Questions<'_>, setting: Setting<'_>) -> Result<Value, CliError> {
    let choices = setting.choices();
    for (word, about) in choices.iter().filter(|(_, about)| !about.is_empty()) {
        eprintln!("  {word}: {about}");
    }
    let question = match choices.is_empty() {
        true => setting.question(),
        false => format!("{} ({})", setting.question(), words(setting)),
    };
    questions.ask(&question, &default(setting), |answer| setting.fit(answer))
}

fn pick<'s>(
    questions: &mut Questions<'_>,
    offered: &[Setting<'s>],
) -> Result<Vec<Setting<'s>>, CliError> {
    if offered.is_empty() {
        return Ok(Vec::new());
    }
    eprintln!("\nThese need not be set; what is left out becomes a comment in the file:");
    for setting in offered {
        let default = match default(*setting) {
            none if none.is_empty() => none,
            default => format!(" [{default}]"),
        };
        eprintln!("  {}: {}{default}", setting.name, setting.question());
    }
    let find = |name: &str| {
        let found = offered.iter().find(|setting| setting.name == name);
        found
            .copied()
            .ok_or_else(|| format!("`{name}` is none of them"))
    };
    questions.ask("Names of those to set now; Enter for none", "", |answer| {
        let border = |c: char| c.is_whitespace() || c == ',';
        let names = answer.split(border).filter(|name| !name.is_empty());
        names.map(find).collect()
    })
}

/// The lines of the settings' table: what was answered, then the rest as comments.
pub fn lines(schema: &Value, settings: &Map<String, Value>) -> String {
    let mut text = String::new();
    for (name, value) in settings {
        if let Some(value) = toml(value) {
            text.push_str(&format!("{} = {value}\n", key(name)));
        }
    }
    let left_out = optional(schema).into_iter();
    for setting in left_out.filter(|setting| !settings.contains_key(setting.name)) {
        let value = setting
            .default()
            .map_or(quoted("…"), |value| value.to_string());
        let words = match words(setting) {
            none if none.is_empty() => none,
            words => format!("   # {words}"),
        };
        let comment = format!(
            "{}\n{} = {value}{words}",
            setting.about(),
            key(setting.name)
        );
        for line in comment.lines().filter(|line| !line.is_empty()) {
            text.push_str(&format!("# {line}\n"));
        }
    }
    text
}

fn words(setting: Setting<'_>) -> String {
    let words: Vec<String> = setting
        .choices()
        .into_iter()
        .map(|(word, _)| word)
        .collect();
    words.join(", ")
}

fn default(setting: Setting<'_>) -> String {
    match setting.default() {
        None => String::new(),
        Some(toml::Value::String(text)) => text,
        Some(value) => value.to_string(),
    }
}
