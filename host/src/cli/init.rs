//! `keyferry init`: a first config, from a few questions. Whatever concerns the sink is asked as the
//! sink describes it; nothing is written that would not load.

mod auth;
mod plugin;
mod questions;
mod setting;
mod settings;

use std::path::{Path, PathBuf};

use clap::Args;

use self::questions::{Questions, again, plain, uuid, variable, word};
use super::Global;
use super::exit::{CliError, CliResult, Exit, fail};
use crate::config::{self, Config, ConfigError};
use crate::sandbox::Sandbox;
use crate::sandbox::http::PrivateRanges;

/// Arguments of `init`.
#[derive(Args)]
pub struct Init {
    /// Replace a config that is there
    #[arg(long)]
    force: bool,
}

/// A config that is not on disk yet.
struct Written {
    text: String,
    plugin: String,
    runner: String,
    variables: Vec<String>,
}

impl Init {
    pub async fn run(&self, global: &Global) -> CliResult {
        let path = global
            .config
            .clone()
            .unwrap_or_else(|| PathBuf::from("keyferry.toml"));
        if path.exists() && !self.force {
            let path = path.display();
            let problem = format!("{path} is there already; say --force to replace it");
            return Err(fail(Exit::Failed, problem));
        }
        let state_dir = config::state_dir(global.state_dir.as_deref())?;
        let sandbox = Sandbox::new(&state_dir, Vec::new(), PrivateRanges::default())?;
        let mut input = std::io::stdin().lock();
        let questions = &mut Questions::new(&mut input);
        let written = answered(questions, &sandbox, &std::path::absolute(&path)?).await?;
        crate::disk::replace(&path, written.text.as_bytes(), 0o644).map_err(|error| {
            let path = path.display();
            fail(Exit::Failed, format!("cannot write {path}: {error}"))
        })?;
        eprintln!("\nWrote {}. Next:", path.display());
        for variable in &written.variables {
            eprintln!("  export {variable}=…");
        }
        eprintln!("  keyferry plugins approve {}", written.plugin);
        eprintln!("  keyferry doctor");
        eprintln!("  keyferry plan {}", written.runner);
        Ok(Exit::Done)
    }
}

async fn answered(
    questions: &mut Questions<'_>,
    sandbox: &Sandbox,
    path: &Path,
) -> Result<Written, CliError> {
    eprintln!("A few questions; Enter takes what is in brackets. No secret is asked for.\n");
    let (mut text, first) = issuer(questions)?;
    let mut variables = vec![first];
    let name = questions.ask("A short name for the runner", "etl-prod", plain)?;
    let id = questions.ask("The runner's id (a UUID, from its page)", "", uuid)?;
    let drain = questions.choose(
        "Before it is cut off: refuse if pipelines run, wait, or pause it",
        &["require-idle", "wait", "pause"],
    )?;
    let (component, inspected) = plugin::ask(questions, sandbox, path, &text).await?;
    let sink = &inspected.description;
    eprintln!("\n{} {}: {}", sink.name, sink.version, sink.summary);
    let settings = settings::ask(questions, &sink.settings_schema)?;
    let names = plugin::names(sink, &settings, &id);
    for (credential, hosts) in plugin::credentials(sink, &names) {
        let block = loop {
            let block = auth::ask(questions, &credential, &settings, &hosts)?;
            match check(path, &format!("{text}{}", block.text)) {
                Ok(_) => break block,
                Err(problem) => again(&problem),
            }
        };
        text.push_str(&block.text);
        text.push('\n');
        variables.extend(block.variables);
    }
    text.push_str(&plugin::section(questions, &component, sink, &names)?);
    text.push_str(&format!(
        "\n[runners.{name}]\n\
         id = {}\n\
         plugin = {}\n\
         drain = {}      # require-idle, wait or pause\n\
         # rehearse = false        # don't write the live credential first, to see that the place takes it\n\
         \n[runners.{name}.settings]\n{}",
        quoted(&id),
        quoted(&sink.name),
        quoted(&drain),
        settings::lines(&sink.settings_schema, &settings),
    ));
    check(path, &text).map_err(|problem| {
        let tried = "these answers make no config that can be used; nothing was written";
        fail(Exit::Failed, format!("{tried}: {problem}"))
    })?;
    let schema = &sink.settings_schema;
    if let Err(problem) = crate::plugins::complete(&name, &sink.name, schema, &settings) {
        eprintln!("\nMend this in the file before the plan: {problem}");
    }
    Ok(Written {
        text,
        plugin: sink.name.clone(),
        runner: name,
        variables,
    })
}

/// The file's beginning, and the variable that will hold the API credential's secret.
fn issuer(questions: &mut Questions<'_>) -> Result<(String, String), CliError> {
    let regions = ["eu1", "us1", "au1"];
    let region = questions.choose("Region of your Matillion account", &regions)?;
    let client_id = "Client id of your API credential (Admin or Super Admin)";
    let client_id = questions.ask(client_id, "", word)?;
    let secret = "Environment variable that will hold its secret";
    let secret = questions.ask(secret, "MATILLION_CLIENT_SECRET", variable)?;
    let text = format!(
        "# keyferry: which runners, and where their secrets live. No secret belongs in this file.\n\
         \n[matillion]\n\
         region = {}\n\
         client_id = {}\n\
         client_secret = {{ env = {} }}   # or {{ file = \"…\" }}, or {{ command = [\"…\"] }}\n\n",
        quoted(&region),
        quoted(&client_id),
        quoted(&secret),
    );
    Ok((text, secret))
}

/// The config that a text would be at this path, or what is wrong with it.
fn check(path: &Path, text: &str) -> Result<Config, String> {
    config::parse(path.to_owned(), text).map_err(|error| match error {
        ConfigError::Invalid(mistake) => format!("{}; {}", mistake.problem, mistake.remedy),
        other => other.to_string(),
    })
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A key as TOML takes it, in one line: JSON's texts are TOML's.
fn key(name: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    match !name.is_empty() && name.bytes().all(bare) {
        true => name.to_owned(),
        false => serde_json::Value::from(name).to_string(),
    }
}
