//! Templates of needs, filled from the settings as the host fills them.

use serde_json::{Map, Value};

use super::encode::uri;

/// What a template can name.
pub(super) struct Names {
    pub(super) settings: Map<String, Value>,
    pub(super) runner_id: String,
    pub(super) attempt: String,
}

impl Names {
    fn get(&self, name: &str) -> Option<String> {
        match name {
            "runner_id" => Some(self.runner_id.clone()),
            "attempt" => Some(self.attempt.clone()),
            // Stands in the pins of a body, and is no setting.
            "token" => Some("{token}".to_owned()),
            _ => match self.settings.get(name)? {
                Value::String(text) => Some(text.clone()),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
                scalar => Some(scalar.to_string()),
            },
        }
    }
}

/// The template with its names filled in; nothing if it names what is absent.
pub(super) fn fill(template: &str, names: &Names) -> Option<String> {
    fill_with(template, |_, name| names.get(name))
}

/// The same for a URL: settings are percent-encoded, and must be host-name characters in the host.
pub(super) fn fill_url(template: &str, names: &Names) -> Option<String> {
    let host_name = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    fill_with(template, |before, name| {
        let value = names.get(name)?;
        let in_host = before
            .split_once("://")
            .is_none_or(|(_, rest)| !rest.contains('/'));
        if in_host {
            host_name(&value).then_some(value)
        } else {
            Some(uri(&value))
        }
    })
}

fn fill_with(template: &str, lookup: impl Fn(&str, &str) -> Option<String>) -> Option<String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        filled.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix(brace) {
            filled.push_str(brace);
            rest = after;
            continue;
        }
        let (name, after) = after
            .split_once('}')
            .filter(|_| brace == "{")
            .unwrap_or_else(|| {
                panic!("the template {template:?} has a lone brace: write {{{{ or }}}} for one")
            });
        let value = lookup(&filled, name)?;
        filled.push_str(&value);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}
