//! `keyferry plugins`: what is configured, what it asks for, and the approval.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::exit::{CliError, CliResult, Exit, fail};
use super::{Global, Output, Session, output};
use crate::plugins::{self, Inspected};
use crate::policy::{self, Lock};
use crate::sandbox::Allowance;

/// Arguments of `plugins`.
#[derive(Args)]
pub struct Plugins {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Every configured plugin and whether it may run
    List,
    /// What a plugin is and all that it asks for
    Inspect {
        /// A plugin's name in the config, or the path of a component
        plugin: String,
    },
    /// Show what a plugin asks for, and pin it in keyferry.lock
    Approve {
        /// A plugin's name in the config
        plugin: String,
        /// Approve without being asked
        #[arg(long, short)]
        yes: bool,
    },
}

impl Plugins {
    pub async fn run(&self, global: &Global) -> CliResult {
        let session = Session::open(global)?;
        match &self.command {
            Command::List => list(&session, global).await,
            Command::Inspect { plugin } => {
                let inspected = look(&session, plugin).await?;
                match global.output {
                    Output::Json => output::json(&as_json(plugin, &inspected)),
                    Output::Human => output::text(&words(plugin, &inspected)),
                }
                Ok(Exit::Done)
            }
            Command::Approve { plugin, yes } => approve(&session, plugin, *yes, global).await,
        }
    }
}

/// A plugin by its name in the config, or else by its path.
async fn look(session: &Session, plugin: &str) -> Result<Inspected, CliError> {
    let sandbox = session.sandbox()?;
    let configured = session.config.plugins.get(plugin);
    let (path, allowance) = match configured {
        Some(plugin) => (plugin.path.clone(), plugins::allowance(plugin)),
        None if Path::new(plugin).is_file() => (PathBuf::from(plugin), Allowance::default()),
        None => {
            return Err(plugins::configured(&session.config, plugin)
                .err()
                .map_or_else(
                    || fail(Exit::Failed, "the plugin went away"),
                    CliError::from,
                ));
        }
    };
    Ok(plugins::inspect(&sandbox, plugin, &path, allowance).await?)
}

async fn list(session: &Session, global: &Global) -> CliResult {
    let lock = session.lock()?;
    let sandbox = session.sandbox()?;
    let mut rows = vec![
        ["PLUGIN", "SINK", "STATE", "PATH"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut all = Vec::new();
    for (name, plugin) in &session.config.plugins {
        let usable = plugins::usable(&sandbox, &session.config, &lock, name).await;
        let (state, problem) = match &usable {
            Ok(_) => ("approved", None),
            Err(plugins::PluginError::NotApproved(policy::Difference::Unknown { .. })) => {
                ("not approved", None)
            }
            Err(plugins::PluginError::NotApproved(difference)) => {
                ("CHANGED since approved", Some(difference.to_string()))
            }
            Err(error) => ("unusable", Some(error.to_string())),
        };
        let sink = match (&usable, lock.pin(name)) {
            (Ok(usable), _) => {
                format!("{} {}", usable.description.name, usable.description.version)
            }
            (Err(_), Some(pin)) => format!("{} {}", pin.sink, pin.version),
            (Err(_), None) => "-".to_owned(),
        };
        if let Some(problem) = &problem {
            eprintln!("! {problem}");
        }
        all.push(json!({
            "plugin": name, "sink": sink, "state": state, "problem": problem,
            "path": plugin.path, "approved_sha256": lock.pin(name).map(|pin| &pin.sha256),
        }));
        rows.push(vec![
            name.clone(),
            sink,
            state.to_owned(),
            plugin.path.display().to_string(),
        ]);
    }
    match global.output {
        Output::Json => output::json(&Value::Array(all)),
        Output::Human => output::text(&output::table(&rows)),
    }
    Ok(Exit::Done)
}

async fn approve(session: &Session, plugin: &str, yes: bool, global: &Global) -> CliResult {
    plugins::configured(&session.config, plugin)?;
    let inspected = look(session, plugin).await?;
    let mut lock = session.lock()?;
    let sha256 = &inspected.prepared.sha256;
    let needs = &inspected.description.needs;
    if lock.check(plugin, sha256, needs).is_ok() {
        match global.output {
            Output::Json => output::json(&as_json(plugin, &inspected)),
            Output::Human => eprintln!("`{plugin}` is approved already, as it is."),
        }
        return Ok(Exit::Done);
    }
    eprintln!("{}", words(plugin, &inspected));
    if let Some(pin) = lock.pin(plugin) {
        let before = format!(
            "{} {} ({})",
            pin.sink,
            pin.version,
            &pin.sha256[..pin.sha256.len().min(12)]
        );
        eprintln!("\nApproved before: {before}. What changes in what it may do:");
        match pin.needs == *needs {
            true => eprintln!("  nothing; the file is another one"),
            false => policy::changes(&pin.needs, needs)
                .iter()
                .for_each(|line| eprintln!("  {line}")),
        }
    }
    if !yes {
        if !std::io::stdin().is_terminal() {
            return Err(fail(
                Exit::Usage,
                "approving wants a `yes` typed; in a script, say --yes",
            ));
        }
        eprint!("\nApprove all of this for `{plugin}`? Type `yes`: ");
        let _ = std::io::stderr().flush();
        let mut word = String::new();
        let _ = std::io::stdin().lock().read_line(&mut word);
        if word.trim() != "yes" {
            return Err(fail(Exit::Refused, "not approved; nothing was changed"));
        }
    }
    lock.approve(plugin, sha256, &inspected.description)?;
    let path = Lock::path_beside(&session.config.path);
    match global.output {
        Output::Json => output::json(&as_json(plugin, &inspected)),
        Output::Human => output::text(&format!(
            "`{plugin}` is approved: {} needs pinned in {}",
            needs.len(),
            path.display()
        )),
    }
    Ok(Exit::Done)
}

fn words(plugin: &str, inspected: &Inspected) -> String {
    let description = &inspected.description;
    let mut text = format!(
        "{plugin}: {} {}, {}\n  file    {} ({} KB)\n  sha256  {}\n  imports {}\n",
        description.name,
        description.version,
        description.summary,
        inspected.prepared.path.display(),
        inspected.size.div_ceil(1024),
        inspected.prepared.sha256,
        imports(inspected).join(", "),
    );
    text.push_str("\nIt takes these settings:\n");
    for (name, property) in description.settings_schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let about = property["description"].as_str().unwrap_or_default();
        let default = match &property["default"] {
            Value::Null => String::new(),
            default => format!(
                " [default: {}]",
                default
                    .as_str()
                    .map_or_else(|| default.to_string(), str::to_owned)
            ),
        };
        text.push_str(&format!(
            "  {name}: {}{default}\n",
            about.replace('\n', " ")
        ));
    }
    text.push_str("\nIt asks for this, and can do nothing else ({name} stands for a setting):\n");
    for (number, need) in description.needs.iter().enumerate() {
        text.push_str(&format!(
            "  {}. {}\n",
            number + 1,
            need.in_words().replace('\n', "\n     ")
        ));
    }
    if description.needs.is_empty() {
        text.push_str("  nothing\n");
    }
    text.trim_end().to_owned()
}

/// What it imports, with WASI's inert interfaces in one word.
fn imports(inspected: &Inspected) -> Vec<String> {
    let (wasi, mut own): (Vec<String>, Vec<String>) = inspected
        .prepared
        .imports
        .iter()
        .cloned()
        .partition(|import| import.starts_with("wasi:"));
    if !wasi.is_empty() {
        own.push(format!("{} of WASI, without effect", wasi.len()));
    }
    own
}

fn as_json(plugin: &str, inspected: &Inspected) -> Value {
    let description = &inspected.description;
    json!({
        "plugin": plugin,
        "sink": description.name,
        "version": description.version,
        "summary": description.summary,
        "sha256": inspected.prepared.sha256,
        "size": inspected.size,
        "imports": inspected.prepared.imports,
        "settings_schema": description.settings_schema,
        "needs": description.needs,
    })
}
