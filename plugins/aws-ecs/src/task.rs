//! The task definition, which says what the tasks of the service read when they start. It tells
//! whether the service is this runner's and reads this secret; what it leaves open is a warning.

use keyferry_sdk::{Failure, Host, Target};
use serde::Deserialize;
use serde_json::json;

use crate::aws::{self, DESCRIBE_TASK_DEFINITION};
use crate::secret::Held;
use crate::settings::Settings;
use crate::store::Entry;

mod reference;
use reference::Reference;

const SECRET: &str = "OAUTH_CLIENT_SECRET";
const ID: &str = "OAUTH_CLIENT_ID";
/// How older installations name the secret as a whole.
const OLDER: &str = "OAUTH_SECRET_REF";
const RUNNER: &str = "AGENT_ID";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    task_definition: Task,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Task {
    family: String,
    container_definitions: Vec<Container>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    name: String,
    image: String,
    secrets: Vec<Injected>,
    environment: Vec<Variable>,
    environment_files: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Injected {
    name: String,
    #[serde(rename = "valueFrom", alias = "ValueFrom")]
    value_from: String,
}

#[derive(Debug, Deserialize)]
struct Variable {
    name: String,
    #[serde(default)]
    value: String,
}

impl Container {
    fn injected(&self, name: &str) -> Option<&str> {
        self.secrets
            .iter()
            .find(|secret| secret.name == name)
            .map(|secret| secret.value_from.as_str())
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.environment
            .iter()
            .find(|variable| variable.name == name)
            .map(|variable| variable.value.as_str())
    }

    fn reads_secret(&self) -> bool {
        self.injected(SECRET).is_some()
            || [SECRET, OLDER]
                .iter()
                .any(|name| self.variable(name).is_some())
    }
}

/// Reads the task definition.
pub(crate) fn describe(host: &dyn Host, settings: &Settings, arn: &str) -> Result<Task, Failure> {
    let body = json!({ "taskDefinition": arn });
    let described: Described = aws::call(host, settings, &DESCRIBE_TASK_DEFINITION, &body)?;
    Ok(described.task_definition)
}

/// What speaks against the refresh is a failure; what can't be confirmed is a warning.
pub(crate) fn confirm(
    task: &Task,
    entry: &Entry,
    held: &Held,
    target: &Target<Settings>,
    client_id: &str,
) -> Result<Vec<String>, Failure> {
    let settings = &target.settings;
    let names = [settings.service.as_str(), task.family.as_str()];
    let containers = task
        .container_definitions
        .iter()
        .map(|container| container.name.as_str());
    if names
        .into_iter()
        .chain(containers)
        .any(|name| name.contains("script-runner"))
    {
        return Err(Failure::rejected(format!(
            "{} is the script runner, which does not read the secret; name the runner's own service",
            settings.service
        )));
    }
    let readers: Vec<&Container> = task
        .container_definitions
        .iter()
        .filter(|container| container.reads_secret())
        .collect();
    if readers.is_empty() {
        return no_reader(task, settings);
    }
    let mut warnings = Vec::new();
    for container in readers {
        confirm_secret(container, entry, held, settings, &mut warnings)?;
        confirm_runner(container, &target.runner_id, &mut warnings)?;
        confirm_id(container, entry, settings, client_id, &mut warnings)?;
        if !container.image.contains("@sha256:") {
            warnings.push(format!(
                "container {} runs {}, a tag that can move",
                container.name, container.image
            ));
        }
    }
    Ok(warnings)
}

fn no_reader(task: &Task, settings: &Settings) -> Result<Vec<String>, Failure> {
    match task
        .container_definitions
        .iter()
        .find(|container| !container.environment_files.is_empty())
    {
        Some(container) => Ok(vec![format!(
            "whether {} reads this secret and is this runner can't be confirmed: container {} takes its environment from files",
            settings.service, container.name
        )]),
        None => Err(Failure::rejected(format!(
            "no container of {} reads {SECRET} (or {OLDER}); see that service names the runner's service",
            task.family
        ))),
    }
}

fn confirm_secret(
    container: &Container,
    entry: &Entry,
    held: &Held,
    settings: &Settings,
    warnings: &mut Vec<String>,
) -> Result<(), Failure> {
    let name = &container.name;
    let (variable, text) = match (container.injected(SECRET), container.variable(OLDER)) {
        (Some(text), _) => (SECRET, text),
        (None, Some(text)) if container.variable(SECRET).is_none() => (OLDER, text),
        _ => {
            return Err(Failure::rejected(format!(
                "{SECRET} of container {name} stands in the task definition itself; let it come from the secret by `secrets` and `valueFrom`"
            )));
        }
    };
    let reference = Reference::parse(text);
    if !reference.names(entry) {
        return Err(Failure::rejected(format!(
            "{variable} of container {name} is read from {}, not from {}; see secret_id",
            reference.secret, entry.arn
        )));
    }
    if reference.is_pinned() {
        return Err(Failure::rejected(format!(
            "{variable} of container {name} is pinned to version {}, so it never sees a new secret; remove the version from the task definition",
            reference.pin()
        )));
    }
    let key = &settings.client_secret_key;
    match (reference.key, held) {
        (Some(read), _) if read != key => Err(Failure::rejected(format!(
            "{variable} of container {name} reads the key {read}, and client_secret_key is {key}"
        ))),
        (Some(read), Held::Plain(_)) => Err(Failure::rejected(format!(
            "{variable} of container {name} reads the key {read}, but {} is no JSON object",
            entry.arn
        ))),
        (None, Held::Plain(_)) if variable == OLDER => Err(Failure::rejected(format!(
            "{OLDER} of container {name} wants a JSON object with the keys, but {} is none",
            entry.arn
        ))),
        (None, Held::Nothing) if variable == SECRET => Err(Failure::rejected(format!(
            "{} is empty and {variable} of container {name} reads it as a whole; store any text in it first",
            entry.arn
        ))),
        (None, Held::Document { secret: None, .. }) if variable == SECRET => {
            Err(Failure::rejected(format!(
                "{variable} of container {name} reads {} as a whole, and that is JSON without the key {key}",
                entry.arn
            )))
        }
        (None, Held::Document { .. }) if variable == SECRET => {
            warnings.push(format!(
                "{variable} of container {name} reads the secret as a whole, which is JSON; its key {key} will be changed"
            ));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn confirm_runner(
    container: &Container,
    runner_id: &str,
    warnings: &mut Vec<String>,
) -> Result<(), Failure> {
    let name = &container.name;
    match container.variable(RUNNER) {
        Some(id) if id.eq_ignore_ascii_case(runner_id) => {}
        Some(id) => {
            return Err(Failure::rejected(format!(
                "container {name} is the runner {id}, not {runner_id}; see service and the runner's id"
            )));
        }
        None => warnings.push(format!(
            "whether container {name} is the runner {runner_id} can't be confirmed: the task definition does not show {RUNNER}"
        )),
    }
    Ok(())
}

fn confirm_id(
    container: &Container,
    entry: &Entry,
    settings: &Settings,
    client_id: &str,
    warnings: &mut Vec<String>,
) -> Result<(), Failure> {
    let name = &container.name;
    if let Some(id) = container.variable(ID).filter(|id| *id != client_id) {
        return Err(Failure::rejected(format!(
            "{ID} of container {name} is {id} in the task definition, but the runner's is {client_id}; it could not sign in"
        )));
    }
    let Some(text) = container.injected(ID) else {
        return Ok(());
    };
    let reference = Reference::parse(text);
    if !reference.names(entry)
        || reference.key != Some(&settings.client_id_key)
        || reference.is_pinned()
    {
        warnings.push(format!(
            "{ID} of container {name} is read from {text}, not from {} of this secret: a client id that changes would not reach it",
            settings.client_id_key
        ));
    }
    Ok(())
}
