//! Requests to Azure Resource Manager. The token is the host's; which cloud it goes to is a route
//! of the operator's.

use std::fmt::Write as _;

use keyferry_sdk::{Failure, FailureKind, Host, RequestBuilder, Response, Unanswered};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::errors::ArmError;
use crate::settings::Settings;

pub(crate) const HOST: &str = "https://management.azure.com";
/// The first stable version that says whether an app is stopped.
pub(crate) const API_VERSION: &str = "2025-01-01";

/// The app and what lies below it.
pub(crate) struct Place {
    /// The app's resource id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) app: String,
}

impl Place {
    pub(crate) fn of(settings: &Settings) -> Self {
        let Settings {
            subscription,
            resource_group,
            app,
            ..
        } = settings;
        Self {
            id: format!(
                "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.App/containerApps/{}",
                segment(subscription),
                segment(resource_group),
                segment(app)
            ),
            app: app.clone(),
        }
    }

    pub(crate) fn url(&self) -> String {
        self.below("")
    }

    pub(crate) fn secrets_url(&self) -> String {
        self.below("/listSecrets")
    }

    pub(crate) fn revisions_url(&self) -> String {
        self.below("/revisions")
    }

    pub(crate) fn replicas_url(&self, revision: &str) -> String {
        self.below(&format!("/revisions/{}/replicas", segment(revision)))
    }

    pub(crate) fn restart_url(&self, revision: &str) -> String {
        self.below(&format!("/revisions/{}/restart", segment(revision)))
    }

    fn below(&self, path: &str) -> String {
        format!("{HOST}{}{path}?api-version={API_VERSION}", self.id)
    }
}

/// A request that came to nothing.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: Option<u16>,
    pub(crate) failure: Failure,
}

impl Refusal {
    pub(crate) fn is_denied(&self) -> bool {
        self.failure.kind == FailureKind::Denied
    }

    /// Whether Azure says that there is no such thing.
    pub(crate) fn is_absent(&self) -> bool {
        self.status == Some(404)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        refusal.failure
    }
}

/// What failed for another reason than Azure's answer.
impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self {
            status: None,
            failure,
        }
    }
}

/// Asks for what can be asked for again. `what` says what was attempted.
pub(crate) fn read(request: RequestBuilder<'_>, what: &str) -> Result<Response, Refusal> {
    send(request, what, Unanswered::while_reading)
}

/// Asks for a change: without an answer, whether it was made is open.
pub(crate) fn change(request: RequestBuilder<'_>, what: &str) -> Result<Response, Refusal> {
    send(request, what, Unanswered::while_writing)
}

fn send(
    request: RequestBuilder<'_>,
    what: &str,
    lost: fn(Unanswered) -> Failure,
) -> Result<Response, Refusal> {
    let answer = request.send().map_err(|unanswered| {
        let mut failure = lost(unanswered);
        failure.message = format!("{what}: {}", failure.message);
        Refusal::from(failure)
    })?;
    if answer.is_success() {
        return Ok(answer);
    }
    Err(Refusal {
        status: Some(answer.status),
        failure: ArmError::of(&answer).failure(what),
    })
}

/// All pages of a list.
pub(crate) fn pages(host: &dyn Host, first: String, what: &str) -> Result<Vec<Value>, Refusal> {
    const MOST: usize = 10;
    let mut items = Vec::new();
    let mut next = Some(first);
    for _ in 0..MOST {
        let Some(url) = next.filter(|url| !url.is_empty()) else {
            return Ok(items);
        };
        let page: Page = read(host.get(&url), what)?.json()?;
        items.extend(page.value);
        next = page.next_link.as_deref().map(here);
    }
    Err(Failure::rejected(format!("{what}: there are more than {MOST} pages of them")).into())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default, deserialize_with = "nullable")]
    value: Vec<Value>,
    next_link: Option<String>,
}

/// Azure writes `null` for much that it could leave out.
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// An address that Azure gave, at the host that this sink asks: in another cloud Azure names its own,
/// to which a route leads.
pub(crate) fn here(url: &str) -> String {
    let path = url
        .strip_prefix("https://")
        .and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    path.map_or_else(|| url.to_owned(), |path| format!("{HOST}{path}"))
}

fn segment(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => write!(out, "%{byte:02X}").expect("a string takes all"),
        }
        out
    })
}
