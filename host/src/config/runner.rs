//! `[runners.NAME]`: which runner, which sink, and how careful to be.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use toml::de::DeValue;
use uuid::Uuid;

use super::auth::Auth;
use super::document::{Field, Section};
use super::error::ConfigError;
use super::plugin::Plugin;

/// A runner whose credential keyferry refreshes.
#[derive(Clone, Debug)]
pub struct Runner {
    /// The operator's name for it.
    pub name: String,
    /// Which runner of the issuer's it is.
    pub identity: Identity,
    /// The sink, one of the config's plugins.
    pub plugin: String,
    /// What must hold before the refresh.
    pub drain: Drain,
    /// How long to wait for that.
    pub drain_timeout: Duration,
    /// Whether the live credential is written first, as a proof that the store takes a write.
    pub rehearse: bool,
    /// How long the restart may take.
    pub rollout_timeout: Duration,
    /// How long the runner may take to connect afterwards.
    pub connect_timeout: Duration,
    /// A need's auth name to the name of an `[auth.NAME]`. What is not listed goes by its own name.
    pub auth: BTreeMap<String, String>,
    /// The sink's own settings; its schema judges them.
    pub settings: Map<String, Value>,
}

/// How the issuer knows a runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// By its id, a UUID in lower case.
    Id(String),
    /// By a name that no other runner has.
    Name(String),
}

impl Identity {
    /// Whether it is this id.
    pub fn is(&self, id: &str) -> bool {
        matches!(self, Identity::Id(own) if own == id)
    }

    /// What to look for at the issuer.
    pub fn as_str(&self) -> &str {
        match self {
            Identity::Id(text) | Identity::Name(text) => text,
        }
    }
}

/// What must hold before a runner is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drain {
    /// Nothing runs, or the refresh is refused.
    RequireIdle,
    /// Wait until nothing runs.
    Wait,
    /// Pause the runner, and wait until nothing runs.
    Pause,
}

const KEYS: &[&str] = &[
    "id",
    "runner",
    "plugin",
    "drain",
    "drain_timeout",
    "rehearse",
    "rollout_timeout",
    "connect_timeout",
    "auth",
    "settings",
];

const DRAINS: &[(&str, Drain)] = &[
    ("require-idle", Drain::RequireIdle),
    ("wait", Drain::Wait),
    ("pause", Drain::Pause),
];

const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);
const QUARTER_OF_AN_HOUR: Duration = Duration::from_secs(15 * 60);

pub(super) fn read(
    name: &str,
    section: Section<'_>,
    plugins: &BTreeMap<String, Plugin>,
    auths: &BTreeMap<String, Auth>,
) -> Result<Runner, ConfigError> {
    section.accept(KEYS)?;
    let duration = |key: &str, default| match section.get(key) {
        Some(field) => field.duration(),
        None => Ok(default),
    };
    let plugin = section.need("plugin", "plugin = \"NAME\", one of [plugins.NAME]")?;
    let drain = section.get("drain").map(|field| field.choice(DRAINS));
    let rehearse = section.get("rehearse").map(|field| field.flag());
    let settings = match section.get("settings") {
        Some(field) => match json(&field)? {
            Value::Object(settings) => settings,
            _ => return Err(field.wrong("must be a table", "write settings = { key = \"value\" }")),
        },
        None => Map::new(),
    };
    Ok(Runner {
        name: name.to_owned(),
        identity: identity(&section)?,
        plugin: refer(&plugin, "names no configured plugin", plugins)?,
        drain: drain.transpose()?.unwrap_or(Drain::RequireIdle),
        drain_timeout: duration("drain_timeout", HALF_AN_HOUR)?,
        rehearse: rehearse.transpose()?.unwrap_or(true),
        rollout_timeout: duration("rollout_timeout", HALF_AN_HOUR)?,
        connect_timeout: duration("connect_timeout", QUARTER_OF_AN_HOUR)?,
        auth: auth(&section, auths)?,
        settings,
    })
}

fn identity(section: &Section<'_>) -> Result<Identity, ConfigError> {
    match (section.get("id"), section.get("runner")) {
        (Some(id), None) => {
            let text = id.text()?;
            // The library takes other spellings too, which the issuer need not.
            match Uuid::try_parse(text) {
                Ok(uuid) if text.len() == 36 => Ok(Identity::Id(uuid.to_string())),
                _ => Err(id.wrong(
                    "is no UUID",
                    "copy the id from the runner's page, as in \"3fa85f64-5717-4562-b3fc-2c963f66afa6\", or use runner = \"its name\"",
                )),
            }
        }
        (None, Some(name)) => Ok(Identity::Name(name.text()?.to_owned())),
        (Some(_), Some(name)) => Err(name.wrong("stands beside `id`", "keep one of the two")),
        (None, None) => Err(section.wrong(
            "this section does not say which runner it is".to_owned(),
            "add id = \"UUID\", or runner = \"its name at the issuer\"".to_owned(),
        )),
    }
}

fn auth(
    section: &Section<'_>,
    auths: &BTreeMap<String, Auth>,
) -> Result<BTreeMap<String, String>, ConfigError> {
    let Some(field) = section.get("auth") else {
        return Ok(BTreeMap::new());
    };
    let mut all = BTreeMap::new();
    for (need, field) in field.section()?.names()? {
        all.insert(
            need.to_owned(),
            refer(&field, "names no configured [auth.NAME]", auths)?,
        );
    }
    Ok(all)
}

/// A name that must be configured elsewhere in the file.
fn refer<T>(
    field: &Field<'_>,
    problem: &str,
    known: &BTreeMap<String, T>,
) -> Result<String, ConfigError> {
    let name = field.text()?;
    match known.contains_key(name) {
        true => Ok(name.to_owned()),
        false => Err(field.unknown(name, problem, known.keys().map(String::as_str))),
    }
}

fn json(field: &Field<'_>) -> Result<Value, ConfigError> {
    Ok(match field.value() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(datetime) => Value::String(datetime.to_string()),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix());
            let remedy = "write a number of at most 64 bits, or a text";
            Value::Number(
                number
                    .map_err(|_| field.wrong("is too large", remedy))?
                    .into(),
            )
        }
        DeValue::Float(number) => {
            let number = number.as_str().parse().ok().and_then(Number::from_f64);
            let remedy = "write a finite number";
            Value::Number(number.ok_or_else(|| field.wrong("has no place in JSON", remedy))?)
        }
        DeValue::Array(_) => {
            let list = field.list()?;
            Value::Array(list.iter().map(json).collect::<Result<_, _>>()?)
        }
        DeValue::Table(_) => {
            let mut members = Map::new();
            for (name, field) in field.section()?.members() {
                members.insert(name.to_owned(), json(&field)?);
            }
            Value::Object(members)
        }
    })
}
