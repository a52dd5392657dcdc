//! Which endpoint a request is for, and what may go wrong there.

use std::time::Duration;

use crate::server::form;

/// The endpoints that the stand-in knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Endpoint {
    /// `POST /oauth/dpc/token`
    Token,
    /// `GET /v1/agents`
    ListRunners,
    /// `GET /v1/agents/{id}`
    GetRunner,
    /// `GET /v1/agents/{id}/credentials`
    GetCredential,
    /// `POST /v1/agents/{id}/credentials`
    RefreshCredential,
    /// `POST /v1/agents/{id}/commands`
    Command,
    /// `GET /v1/projects`
    Projects,
    /// `GET /v1/projects/{id}/environments`
    Environments,
    /// `GET /v1/pipeline-executions`
    Executions,
}

/// What goes wrong with one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The connection closes before anything was done.
    RequestLost,
    /// The deed is done, and the connection closes without an answer.
    AnswerLost,
    /// The deed is done, and the connection breaks in the middle of the answer.
    AnswerCut,
    /// This status, and nothing was done.
    ErrorBefore(u16),
    /// The deed is done, and this is the status all the same.
    ErrorAfter(u16),
    /// 429 with this `Retry-After` in seconds; nothing was done.
    TooManyRequests(u32),
    /// 401 as for an expired token; nothing was done.
    Unauthorized,
    /// The deed is done at once and answered so much later.
    Slow(Duration),
    /// The deed is done, and 200 comes with a body that is not JSON.
    Garbage,
    /// The deed is done, and the answer's `clientSecret` is empty.
    EmptySecret,
    /// A refresh that makes a new client id too.
    NewClientId,
}

/// The endpoint of a request, and the id in its path.
pub fn route(prefix: &str, method: &str, path: &str) -> Option<(Endpoint, String)> {
    if path == "/oauth/dpc/token" {
        return (method == "POST").then(|| (Endpoint::Token, String::new()));
    }
    let path = path.strip_prefix(prefix)?.strip_prefix("/v1/")?;
    let parts: Vec<String> = path.split('/').map(form::segment).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (endpoint, id) = match (method, &parts[..]) {
        ("GET", ["agents"]) => (Endpoint::ListRunners, ""),
        ("GET", ["agents", id]) => (Endpoint::GetRunner, *id),
        ("GET", ["agents", id, "credentials"]) => (Endpoint::GetCredential, *id),
        ("POST", ["agents", id, "credentials"]) => (Endpoint::RefreshCredential, *id),
        ("POST", ["agents", id, "commands"]) => (Endpoint::Command, *id),
        ("GET", ["projects"]) => (Endpoint::Projects, ""),
        ("GET", ["projects", id, "environments"]) => (Endpoint::Environments, *id),
        ("GET", ["pipeline-executions"]) => (Endpoint::Executions, ""),
        _ => return None,
    };
    Some((endpoint, id.to_owned()))
}
