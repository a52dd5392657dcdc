//! The sink that a config is written for: found, described in the sandbox with no grant at all, and
//! what its needs ask of the operator besides the settings.

#[cfg(test)]
mod tests;

use std::path::Path;

use serde_json::{Map, Value};
use url::Url;

use super::questions::{Questions, again, word};
use super::{check, key, quoted};
use crate::cli::exit::CliError;
use crate::cli::said;
use crate::plugins::{self, Inspected};
use crate::policy::{Description, Names, Need};
use crate::sandbox::Sandbox;

/// Asks for a component until there is one that can be used; with the answer as it was written.
/// `head` is the config as far as it stands.
pub async fn ask(
    questions: &mut Questions<'_>,
    sandbox: &Sandbox,
    config: &Path,
    head: &str,
) -> Result<(String, Inspected), CliError> {
    eprintln!(
        "\nA sink knows the place where the runner reads its secret. `cargo xtask plugins` puts aws-ecs,\n\
         azure-container-apps, helm and snowflake into target/plugins."
    );
    loop {
        let question = "Path of the sink's component";
        let path = questions.ask(question, "target/plugins/aws-ecs.wasm", word)?;
        let text = format!("{head}[plugins.sink]\npath = {}\n", quoted(&path));
        let found = match check(config, &text) {
            Ok(config) => look(sandbox, &path, &config.plugins["sink"]).await,
            Err(problem) => Err(problem),
        };
        let found = found.and_then(|inspected| {
            let text = format!("{head}{}", named(&inspected.description));
            check(config, &text).map(|_| inspected)
        });
        match found {
            Ok(inspected) => return Ok((path, inspected)),
            Err(problem) => again(&problem),
        }
    }
}

async fn look(
    sandbox: &Sandbox,
    name: &str,
    plugin: &crate::config::Plugin,
) -> Result<Inspected, String> {
    let allowance = plugins::allowance(plugin);
    let inspected = plugins::inspect(sandbox, name, &plugin.path, allowance).await;
    inspected.map_err(|error| said(&error.into()))
}

/// Sections with the names that the sink chose, which the config may not take.
fn named(sink: &Description) -> String {
    let mut text = format!("[plugins.{}]\npath = \"sink.wasm\"\n", sink.name);
    for (name, _) in credentials(sink, &Names::new(&Map::new(), "", "")) {
        text.push_str(&format!("[auth.{}]\nkind = \"aws\"\n", key(&name)));
    }
    text
}

/// The section of the config, with the folders and variables that its needs call for.
pub fn section(
    questions: &mut Questions<'_>,
    path: &str,
    description: &Description,
    names: &Names,
) -> Result<String, CliError> {
    let mut text = format!("[plugins.{}]\npath = {}\n", description.name, quoted(path));
    let mut folders: Vec<String> = Vec::new();
    for need in &description.needs {
        let Need::File(need) = need else { continue };
        // A need that names a setting which is not there does not exist.
        let Ok(Some(file)) = names.fill(&need.path, |value| Ok(value.to_owned())) else {
            continue;
        };
        let parent = Path::new(&file).parent().unwrap_or(Path::new(&file));
        let parent = match parent.display().to_string() {
            here if here.is_empty() => ".".to_owned(),
            parent => parent,
        };
        if folders.contains(&parent) {
            continue;
        }
        let question = format!("Folder that the sink may use, for {file}");
        let folder = questions.ask(&question, &parent, word)?;
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    if !folders.is_empty() {
        let folders: Vec<String> = folders.iter().map(|folder| quoted(folder)).collect();
        let folders = folders.join(", ");
        text.push_str(&format!(
            "folders = [{folders}]   # where its files may lie\n"
        ));
    }
    if description
        .needs
        .iter()
        .any(|need| matches!(need, Need::Command(_)))
    {
        let variables = "[\"PATH\", \"HOME\", \"KUBECONFIG\"]";
        let comment = "# what its programs get, and no other variable";
        text.push_str(&format!("environment = {variables}   {comment}\n"));
    }
    Ok(text)
}

/// The names of the credentials that the requests of a sink are signed in with, each with the hosts
/// that it is sent to.
pub fn credentials(description: &Description, names: &Names) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for need in &description.needs {
        let Need::Http(need) = need else { continue };
        let Some(auth) = &need.auth else { continue };
        let at = all.iter().position(|(name, _)| name == auth);
        let at = at.unwrap_or_else(|| {
            all.push((auth.clone(), Vec::new()));
            all.len() - 1
        });
        let url = names.fill(&need.url, |value| Ok(value.to_owned()));
        let url = url.ok().flatten().and_then(|url| Url::parse(&url).ok());
        if let Some(host) = url.map(|url| url.authority().to_owned())
            && !all[at].1.contains(&host)
        {
            all[at].1.push(host);
        }
    }
    all
}

/// What templates may name once the settings are known, with the schema's defaults.
pub fn names(description: &Description, settings: &Map<String, Value>, runner_id: &str) -> Names {
    let mut all = settings.clone();
    let properties = description.settings_schema["properties"].as_object();
    for (name, property) in properties.into_iter().flatten() {
        if let Some(default) = property.get("default") {
            all.entry(name.clone()).or_insert_with(|| default.clone());
        }
    }
    Names::new(&all, runner_id, "attempt")
}
