//! The requests that the stand-in knows, and what may go wrong with one.

use std::time::Duration;

use crate::server::form;

/// A kind of request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Endpoint {
    /// Entra grants a token.
    Token,
    /// The app is read.
    GetApp,
    /// The app is changed in part.
    PatchApp,
    /// The app is written as a whole.
    PutApp,
    /// The secrets are read.
    ListSecrets,
    /// The revisions are read.
    ListRevisions,
    /// One revision is read.
    GetRevision,
    /// The replicas of a revision are read.
    ListReplicas,
    /// A revision is restarted.
    RestartRevision,
    /// An operation is looked at.
    Operation,
}

/// What goes wrong with one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The connection closes before anything was done.
    RequestLost,
    /// The deed is done, and the connection closes without an answer.
    AnswerLost,
    /// The deed is done, and the connection breaks in the middle of the answer.
    AnswerCut,
    /// 429 with a pause of one second; nothing was done.
    Throttled,
    /// 500; nothing was done.
    ErrorBefore,
    /// 500, though the deed is done.
    ErrorAfter,
    /// Any other error; nothing was done.
    Error {
        /// HTTP status.
        status: u16,
        /// The error's code.
        code: String,
    },
    /// The deed is done at once and answered so much later.
    Slow(Duration),
    /// The deed is done, and 200 comes with a body that is not JSON.
    Garbage,
    /// Right after it, someone else sets this secret of the app.
    SecondWriter {
        /// The secret's name.
        name: String,
        /// Its new value.
        value: String,
    },
}

/// Where in Azure a request goes.
pub(super) struct Address {
    pub subscription: String,
    pub group: String,
    pub app: String,
    /// The revision, or the operation.
    pub item: String,
}

pub(super) fn route(method: &str, path: &str) -> Option<(Endpoint, Address)> {
    let parts: Vec<String> = path.split('/').skip(1).map(form::segment).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let at = |subscription: &str, group: &str, app: &str, item: &str| Address {
        subscription: subscription.to_owned(),
        group: group.to_owned(),
        app: app.to_owned(),
        item: item.to_owned(),
    };
    if let (true, [tenant, "oauth2", "v2.0", "token"]) = (method == "POST", parts.as_slice()) {
        return Some((Endpoint::Token, at("", "", "", tenant)));
    }
    let (subscription, rest) = match parts.as_slice() {
        ["subscriptions", subscription, rest @ ..] => (*subscription, rest),
        _ => return None,
    };
    if let ["providers", "Microsoft.App", "locations", _, _, operation] = rest {
        return (method == "GET")
            .then(|| (Endpoint::Operation, at(subscription, "", "", operation)));
    }
    let [
        "resourceGroups",
        group,
        "providers",
        "Microsoft.App",
        "containerApps",
        app,
        below @ ..,
    ] = rest
    else {
        return None;
    };
    let (endpoint, item) = match (method, below) {
        ("GET", []) => (Endpoint::GetApp, ""),
        ("PATCH", []) => (Endpoint::PatchApp, ""),
        ("PUT", []) => (Endpoint::PutApp, ""),
        ("POST", ["listSecrets"]) => (Endpoint::ListSecrets, ""),
        ("GET", ["revisions"]) => (Endpoint::ListRevisions, ""),
        ("GET", ["revisions", name]) => (Endpoint::GetRevision, *name),
        ("GET", ["revisions", name, "replicas"]) => (Endpoint::ListReplicas, *name),
        ("POST", ["revisions", name, "restart"]) => (Endpoint::RestartRevision, *name),
        _ => return None,
    };
    Some((endpoint, at(subscription, group, app, item)))
}
