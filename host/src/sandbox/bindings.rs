//! The contract as wasmtime sees it, and its translation at the door.
//!
//! Without the `tracing` flag: it would log the arguments of every call.

#![allow(missing_docs)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "secret-sink",
    imports: { default: async | trappable },
    exports: { default: async },
    with: { "keyferry:sink/types.secret": crate::sandbox::state::SecretHandle },
    require_store_data_send: true,
});

use self::exports::keyferry::sink::{manifest, sink};
use self::keyferry::sink::types;
use super::types as host;
use crate::policy::{Access, CommandNeed, Description, FileNeed, HttpNeed, Need};
use crate::seal::{Encoding, Seal};

impl From<types::Encoding> for Encoding {
    fn from(encoding: types::Encoding) -> Self {
        match encoding {
            types::Encoding::Json => Encoding::Json,
            types::Encoding::Yaml => Encoding::Yaml,
            types::Encoding::Sql => Encoding::Sql,
            types::Encoding::Uri => Encoding::Uri,
            types::Encoding::Base64 => Encoding::Base64,
        }
    }
}

impl From<manifest::Need> for Need {
    fn from(need: manifest::Need) -> Self {
        match need {
            manifest::Need::Http(need) => Need::Http(HttpNeed {
                method: need.method.to_ascii_uppercase(),
                url: need.url,
                headers: need.headers,
                body: need.body,
                auth: need.auth,
                carries_secret: need.carries_secret,
                seals: need.seals,
                reason: need.reason,
            }),
            manifest::Need::File(need) => Need::File(FileNeed {
                name: need.name,
                path: need.path,
                access: match need.access {
                    manifest::Access::Read => Access::Read,
                    manifest::Access::Replace => Access::Replace,
                },
                carries_secret: need.carries_secret,
                seals: need.seals,
                reason: need.reason,
            }),
            manifest::Need::Command(need) => Need::Command(CommandNeed {
                name: need.name,
                argv: need.argv,
                directory: need.directory,
                seals: need.seals,
                reason: need.reason,
            }),
        }
    }
}

/// A description, or what is wrong with it. Its words are shown to whoever approves, so none may
/// move a cursor or be more than can be read.
pub(super) fn description(given: manifest::Description) -> Result<Description, String> {
    if given.needs.len() > MOST_NEEDS {
        return Err(format!(
            "it asks for {} things; at most {MOST_NEEDS} can be approved",
            given.needs.len()
        ));
    }
    if given.settings_schema.len() > LONGEST_SCHEMA {
        return Err(format!(
            "its settings schema is over {} KiB",
            LONGEST_SCHEMA >> 10
        ));
    }
    let settings_schema = serde_json::from_str(&given.settings_schema)
        .map_err(|error| format!("its settings schema is no JSON: {error}"))?;
    let needs: Vec<Need> = given.needs.into_iter().map(Need::from).collect();
    let words = |need: &Need| serde_json::to_value(need).is_ok_and(|value| all(&value, &is_word));
    let own = [&given.name, &given.version, &given.summary];
    if !own.iter().all(|text| is_word(text)) || !needs.iter().all(words) {
        return Err("a text in it holds control characters or is over 16 KiB".into());
    }
    // Doc comments make schemas with line breaks in them.
    if !all(&settings_schema, &|text| text.lines().all(is_word)) {
        return Err("a text in its settings schema holds control characters".into());
    }
    Ok(Description {
        name: given.name,
        version: given.version,
        summary: given.summary,
        settings_schema,
        needs,
    })
}

const MOST_NEEDS: usize = 256;
const LONGEST_SCHEMA: usize = 256 << 10;
const LONGEST_WORD: usize = 16 << 10;

fn is_word(text: &str) -> bool {
    text.len() <= LONGEST_WORD && printable(text) == text
}

/// Whether every text in `value` passes the test, names as well.
fn all(value: &serde_json::Value, test: &dyn Fn(&str) -> bool) -> bool {
    use serde_json::Value;
    match value {
        Value::String(text) => test(text),
        Value::Array(elements) => elements.iter().all(|element| all(element, test)),
        Value::Object(members) => members
            .iter()
            .all(|(name, member)| test(name) && all(member, test)),
        _ => true,
    }
}

/// Translates what a sink says; every text is cleaned of values, tokens and control characters.
pub(super) struct Door<'a>(pub &'a Seal);

impl Door<'_> {
    pub fn text(&self, text: &str) -> String {
        let mut cleaned = printable(&self.0.redact(text));
        if cleaned.len() > 4096 {
            cleaned.truncate(cleaned.floor_char_boundary(4096));
        }
        cleaned
    }

    fn texts(&self, texts: Vec<String>) -> Vec<String> {
        texts.iter().take(64).map(|text| self.text(text)).collect()
    }

    pub fn failure(&self, failure: types::Failure) -> host::Failure {
        host::Failure {
            kind: match failure.kind {
                types::FailureKind::Unavailable => host::FailureKind::Unavailable,
                types::FailureKind::Denied => host::FailureKind::Denied,
                types::FailureKind::Missing => host::FailureKind::Missing,
                types::FailureKind::Conflict => host::FailureKind::Conflict,
                types::FailureKind::Rejected => host::FailureKind::Rejected,
                types::FailureKind::Uncertain => host::FailureKind::Uncertain,
            },
            message: self.text(&failure.message),
            retry_after_ms: failure.retry_after_ms,
        }
    }

    pub fn plan(&self, plan: sink::Plan) -> host::Plan {
        host::Plan {
            location: self.text(&plan.location),
            stored: match plan.stored {
                sink::Currency::Current => host::Currency::Current,
                sink::Currency::Stale => host::Currency::Stale,
                sink::Currency::Absent => host::Currency::Absent,
                sink::Currency::Unreadable => host::Currency::Unreadable,
            },
            steps: self.texts(plan.steps),
            warnings: self.texts(plan.warnings),
        }
    }

    pub fn receipt(&self, receipt: sink::Receipt) -> host::Receipt {
        host::Receipt {
            location: self.text(&receipt.location),
            version: self.text(&receipt.version),
            compared: receipt.compared,
        }
    }

    pub fn workload(&self, workload: sink::Workload) -> host::Workload {
        host::Workload {
            name: self.text(&workload.name),
            marker: self.text(&workload.marker),
        }
    }

    pub fn rollout(&self, rollout: sink::Rollout) -> host::Rollout {
        host::Rollout {
            state: match rollout.state {
                sink::RolloutState::Pending => host::RolloutState::Pending,
                sink::RolloutState::Progressing => host::RolloutState::Progressing,
                sink::RolloutState::Complete => host::RolloutState::Complete,
                sink::RolloutState::Failed => host::RolloutState::Failed,
                sink::RolloutState::Unseen => host::RolloutState::Unseen,
            },
            ready: rollout.ready,
            wanted: rollout.wanted,
            detail: self.text(&rollout.detail),
        }
    }
}

/// Text that can't move a cursor: control and format characters become spaces.
pub(super) fn printable(text: &str) -> String {
    let harmless = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars()
        .map(|c| if harmless(c) { c } else { ' ' })
        .collect()
}
