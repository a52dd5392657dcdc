//! What follows from an approval for one target: needs with their templates filled.
//!
//! Pure. The gates ask a `Grant`; they never see a template.

use serde_json::{Map, Value};

use super::Approved;
use super::need::{CommandNeed, FileNeed, HttpNeed, Need};
use super::template::{Names, TemplateError};
use crate::seal::{Segment, parse_pointer};

/// Why approved needs can't be granted to a target.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// A template and the settings don't fit.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A need that no host can grant.
    #[error("the need `{need}` {problem}")]
    Impossible {
        /// The first line of it in words.
        need: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// All that a sink may do for one target. Empty by default: everything is refused.
#[derive(Default)]
pub struct Grant {
    /// Requests, in the order of the needs.
    pub http: Vec<HttpGrant>,
    /// Files by name.
    pub files: Vec<FileGrant>,
    /// Programs by name.
    pub commands: Vec<CommandGrant>,
}

/// One kind of request that is let through.
pub struct HttpGrant {
    /// Upper case.
    pub method: String,
    /// In lower case.
    pub host: String,
    /// 443 unless the need names one.
    pub port: u16,
    /// Percent-encoded, beginning with `/`.
    pub path: PathRule,
    /// What may follow the `?`.
    pub query: QueryRule,
    /// Names in lower case; `None` for any value.
    pub headers: Vec<(String, Option<String>)>,
    /// What the body may hold.
    pub body: BodyRule,
    /// The operator's credential.
    pub auth: Option<String>,
    /// Whether tokens become values.
    pub carries_secret: bool,
    /// Fields of the answer that stay hidden.
    pub seals: Vec<Vec<Segment>>,
}

/// Which paths.
#[derive(Debug, PartialEq, Eq)]
pub enum PathRule {
    /// This one.
    Exact(String),
    /// All that begin so.
    Prefix(String),
}

/// Which queries.
#[derive(Debug, PartialEq, Eq)]
pub enum QueryRule {
    /// None.
    None,
    /// This one.
    Exact(String),
    /// Any or none.
    Any,
}

/// Which bodies.
#[derive(Debug, PartialEq, Eq)]
pub enum BodyRule {
    /// No body.
    Empty,
    /// Any bytes.
    Any,
    /// A JSON document that holds this and nothing else; `None` for anything.
    Pins(Vec<(String, Option<String>)>),
}

/// One file that may be used.
pub struct FileGrant {
    /// As the need, its path filled.
    pub need: FileNeed,
    /// Parsed.
    pub seals: Vec<Vec<Segment>>,
}

/// One program that may be run.
pub struct CommandGrant {
    /// As the need, its arguments filled.
    pub need: CommandNeed,
    /// Parsed.
    pub seals: Vec<Vec<Segment>>,
}

impl Grant {
    /// Fills the templates of approved needs. A need that names an absent setting is left out.
    ///
    /// # Errors
    /// If a value can't stand where a template puts it, or a need is none that can be granted.
    pub fn new(
        needs: &Approved<Vec<Need>>,
        settings: &Map<String, Value>,
        runner_id: &str,
        attempt: &str,
    ) -> Result<Self, GrantError> {
        let names = Names::new(settings, runner_id, attempt);
        let mut grant = Self::default();
        for need in needs.get() {
            match need {
                Need::Http(http) => grant.http.extend(http_grant(http, &names)?),
                Need::File(file) => {
                    if let Some(path) = names.fill(&file.path, printable)? {
                        let need = FileNeed {
                            path,
                            ..file.clone()
                        };
                        let seals = seals(&file.seals)?;
                        grant.files.push(FileGrant { need, seals });
                    }
                }
                Need::Command(command) => grant.commands.extend(command_grant(command, &names)?),
            }
        }
        Ok(grant)
    }
}

/// Whether every need could be granted to some target; asked before an operator approves.
///
/// # Errors
/// As [`Grant::new`].
pub fn check_shape(needs: &[Need]) -> Result<(), GrantError> {
    for need in needs {
        match need {
            Need::Http(http) => {
                http_shape(http)?;
                seals(&http.seals)?;
                for (_, value) in http.headers.iter().chain(&http.body) {
                    super::template::parse(&value.replace("{token}", ""))?;
                }
            }
            Need::File(file) => {
                super::template::parse(&file.path)?;
                seals(&file.seals)?;
            }
            Need::Command(command) => {
                if command
                    .argv
                    .first()
                    .is_none_or(|program| program.contains(['{', '}']))
                {
                    return Err(impossible(
                        need,
                        "must name its program outright, not by a setting",
                    ));
                }
                for argument in &command.argv {
                    super::template::parse(argument)?;
                }
                seals(&command.seals)?;
            }
        }
    }
    Ok(())
}

fn http_grant(need: &HttpNeed, names: &Names) -> Result<Option<HttpGrant>, GrantError> {
    let (authority, path, query) = http_shape(need)?;
    let Some(authority) = names.fill(authority, host_characters)? else {
        return Ok(None);
    };
    let Some(path) = names.fill(path, |value| Ok(percent(value)))? else {
        return Ok(None);
    };
    let query = match query {
        None => QueryRule::None,
        Some("*") => QueryRule::Any,
        Some(query) => match names.fill(query, |value| Ok(percent(value)))? {
            Some(query) => QueryRule::Exact(query),
            None => return Ok(None),
        },
    };
    let url = url::Url::parse(&format!("https://{authority}/"))
        .ok()
        .filter(|url| url.username().is_empty() && url.password().is_none())
        .ok_or_else(|| impossible_http(need, &format!("names no host: `{authority}`")))?;
    let mut headers = Vec::new();
    for (name, value) in &need.headers {
        match names.fill(value, printable)? {
            None => return Ok(None),
            Some(value) => {
                let value = (value != "*").then_some(value);
                headers.push((name.to_ascii_lowercase(), value));
            }
        }
    }
    let body = match need.body.as_slice() {
        [] => BodyRule::Empty,
        [(pointer, value)] if pointer.is_empty() && value == "*" => BodyRule::Any,
        pins => {
            let mut filled = Vec::new();
            for (pointer, value) in pins {
                match names.fill_body(value)? {
                    None => return Ok(None),
                    Some(value) => filled.push((pointer.clone(), (value != "*").then_some(value))),
                }
            }
            BodyRule::Pins(filled)
        }
    };
    Ok(Some(HttpGrant {
        method: need.method.to_ascii_uppercase(),
        host: url.host_str().unwrap_or_default().to_owned(),
        port: url.port_or_known_default().unwrap_or(443),
        path: match path.strip_suffix('*') {
            Some(prefix) => PathRule::Prefix(prefix.to_owned()),
            None => PathRule::Exact(path),
        },
        query,
        headers,
        body,
        auth: need.auth.clone(),
        carries_secret: need.carries_secret,
        seals: seals(&need.seals)?,
    }))
}

/// Takes `https://authority/path?query` apart before any setting is in it, so that no setting can
/// move the borders.
fn http_shape(need: &HttpNeed) -> Result<(&str, &str, Option<&str>), GrantError> {
    let rest = need
        .url
        .strip_prefix("https://")
        .ok_or_else(|| impossible_http(need, "must begin with `https://`"))?;
    let slash = rest
        .find('/')
        .ok_or_else(|| impossible_http(need, "has no path; end the host with `/`"))?;
    let (authority, path) = rest.split_at(slash);
    if authority.is_empty() || authority.contains(['@', '*', '?', '#', '\\']) {
        return Err(impossible_http(
            need,
            "must name one host, without user, `*` or `?`",
        ));
    }
    if path.contains('#') {
        return Err(impossible_http(need, "may hold no `#`"));
    }
    for (name, _) in &need.headers {
        if super::request::is_sensitive(&name.to_ascii_lowercase()) {
            return Err(impossible_http(
                need,
                &format!("may not set the header `{name}`, which is the host's"),
            ));
        }
    }
    for (pointer, _) in &need.body {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(impossible_http(
                need,
                &format!("has a body pointer that begins without `/`: `{pointer}`"),
            ));
        }
    }
    super::template::parse(authority)?;
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    super::template::parse(path)?;
    super::template::parse(query.unwrap_or_default())?;
    Ok((authority, path, query))
}

fn command_grant(need: &CommandNeed, names: &Names) -> Result<Option<CommandGrant>, GrantError> {
    let mut argv = Vec::new();
    for (index, argument) in need.argv.iter().enumerate() {
        // A value that begins an argument could be taken for an option.
        let leads = index > 0 && argument.starts_with('{') && !argument.starts_with("{{");
        let fit = |value: &str| match leads && value.starts_with('-') {
            true => {
                Err("it begins with `-`, and the program would take it for an option".to_owned())
            }
            false => printable(value),
        };
        argv.extend(names.fill(argument, fit)?);
    }
    let directory = match &need.directory {
        None => None,
        Some(directory) => match names.fill(directory, printable)? {
            None => return Ok(None),
            filled => filled,
        },
    };
    let seals = seals(&need.seals)?;
    Ok(Some(CommandGrant {
        need: CommandNeed {
            argv,
            directory,
            ..need.clone()
        },
        seals,
    }))
}

fn seals(pointers: &[String]) -> Result<Vec<Vec<Segment>>, GrantError> {
    pointers
        .iter()
        .map(|pointer| {
            parse_pointer(pointer).map_err(|problem| GrantError::Impossible {
                need: format!("seals {pointer}"),
                problem,
            })
        })
        .collect()
}

fn printable(value: &str) -> Result<String, String> {
    match value.chars().find(|character| character.is_control()) {
        Some(character) => Err(format!("it holds the control character {character:?}")),
        None => Ok(value.to_owned()),
    }
}

fn host_characters(value: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    match !value.is_empty() && value.bytes().all(allowed) {
        true => Ok(value.to_ascii_lowercase()),
        false => Err("only letters, digits, `-` and `.` can stand in a host".to_owned()),
    }
}

/// Percent-encodes a value for a path or a query; a value of dots alone would climb.
fn percent(value: &str) -> String {
    let encoded = crate::seal::Encoding::Uri.apply(value);
    match encoded.bytes().all(|byte| byte == b'.') {
        true => encoded.replace('.', "%2E"),
        false => encoded.to_string(),
    }
}

fn impossible(need: &Need, problem: &str) -> GrantError {
    let words = need.in_words();
    let need = words.lines().next().unwrap_or_default().to_owned();
    GrantError::Impossible {
        need,
        problem: problem.to_owned(),
    }
}

fn impossible_http(need: &HttpNeed, problem: &str) -> GrantError {
    GrantError::Impossible {
        need: format!("{} {}", need.method, need.url),
        problem: problem.to_owned(),
    }
}
