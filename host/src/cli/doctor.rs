//! `keyferry doctor`: every part checked, each with its remedy.

use clap::Args;
use serde_json::{Value, json};

use super::exit::{CliResult, Exit};
use super::{Global, Output, Session, output, said};
use crate::config::Runner;
use crate::matillion::Client;
use crate::rotation::SinkSteps as _;
use crate::sandbox::types::Currency;
use crate::sandbox::{KnownCredential, Sandbox};

/// Arguments of `doctor`.
#[derive(Args)]
pub struct Doctor {}

struct Findings {
    all: Vec<(String, Result<String, String>)>,
    form: Output,
}

impl Findings {
    fn add(&mut self, part: &str, finding: anyhow::Result<String>) -> bool {
        let finding = finding.map_err(|error| said(&error));
        if self.form == Output::Human {
            match &finding {
                Ok(detail) => output::text(&format!("✓ {part}: {detail}")),
                Err(problem) => {
                    output::text(&format!("✗ {part}: {}", problem.replace('\n', "\n    ")))
                }
            }
        }
        let good = finding.is_ok();
        self.all.push((part.to_owned(), finding));
        good
    }
}

impl Doctor {
    pub async fn run(&self, global: &Global) -> CliResult {
        let mut findings = Findings {
            all: Vec::new(),
            form: global.output,
        };
        match Session::open(global) {
            Err(error) => {
                findings.add("config", Err(error));
            }
            Ok(session) => {
                let detail = format!(
                    "{}, {} runners",
                    session.config.path.display(),
                    session.config.runners.len()
                );
                findings.add("config", Ok(detail));
                examine(&session, &mut findings).await;
            }
        }
        let wrong = findings
            .all
            .iter()
            .filter(|(_, finding)| finding.is_err())
            .count();
        if global.output == Output::Json {
            let all: Vec<Value> = findings
                .all
                .iter()
                .map(|(part, finding)| match finding {
                    Ok(detail) => json!({ "part": part, "ok": true, "detail": detail }),
                    Err(problem) => json!({ "part": part, "ok": false, "detail": problem }),
                })
                .collect();
            output::json(&json!({ "exit": i32::from(wrong > 0), "parts": all }));
        } else if wrong > 0 {
            eprintln!("{wrong} of {} parts want mending.", findings.all.len());
        }
        Ok(if wrong == 0 { Exit::Done } else { Exit::Failed })
    }
}

async fn examine(session: &Session, findings: &mut Findings) {
    let journal = session.journal().and_then(|journal| {
        let open = journal.open_attempts()?;
        anyhow::ensure!(
            open.is_empty(),
            "{} attempts are not over: {}; run `keyferry resume`",
            open.len(),
            open.iter()
                .map(|record| record.runner.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        );
        Ok(format!("{}, nothing is open", session.state_dir.display()))
    });
    findings.add("journal", journal);
    let client = match session.client() {
        Ok(client) => {
            let signed = client.sign_in(std::time::Duration::from_secs(30)).await;
            let detail = format!("signed in at {}", session.config.matillion.base_url);
            findings
                .add("issuer", signed.map(|()| detail).map_err(Into::into))
                .then_some(client)
        }
        Err(error) => {
            findings.add("issuer", Err(error));
            None
        }
    };
    let sandbox = match session.sandbox() {
        Ok(sandbox) => sandbox,
        Err(error) => {
            findings.add("sandbox", Err(error));
            return;
        }
    };
    for name in session.config.plugins.keys() {
        let usable = match session.lock() {
            Ok(lock) => crate::plugins::usable(&sandbox, &session.config, &lock, name)
                .await
                .map_err(Into::into),
            Err(error) => Err(error),
        };
        let detail = usable.map(|usable| {
            format!(
                "{} {}, approved, {} needs",
                usable.description.name,
                usable.description.version,
                usable.needs.get().len()
            )
        });
        findings.add(&format!("plugin {name}"), detail);
    }
    for runner in session.config.runners.values() {
        let part = format!("runner {}", runner.name);
        let finding = match &client {
            Some(client) => examine_runner(session, client, &sandbox, runner).await,
            None => Err(anyhow::anyhow!("not looked at: the issuer can't be asked")),
        };
        findings.add(&part, finding);
    }
}

async fn examine_runner(
    session: &Session,
    client: &Client,
    sandbox: &Sandbox,
    runner: &Runner,
) -> anyhow::Result<String> {
    let found = client.find_runner(runner.identity.as_str()).await?;
    let live = client.credential(&found.id).await?;
    let plugin = session.plugin(sandbox, runner).await?;
    let sink = session.sink(sandbox, &plugin, runner, &found.id)?;
    sink.warm()
        .await
        .map_err(|failure| anyhow::anyhow!(failure.message))?;
    let attempt = uuid::Uuid::new_v4().to_string();
    let plan = sink.check(&attempt, &KnownCredential::new(&live)).await;
    let plan = plan.map_err(|failure| anyhow::anyhow!(failure.message))?;
    let holds = match plan.stored {
        Currency::Current => "holds what the issuer has",
        Currency::Stale => {
            anyhow::bail!(
                "{} holds another secret than the issuer has; `keyferry reconcile {}` puts that right",
                plan.location,
                runner.name
            )
        }
        Currency::Absent => "is there, and empty",
        Currency::Unreadable => "is there, and never shows what it holds",
    };
    Ok(format!(
        "`{}` is {}; {} {holds}",
        found.name, found.status, plan.location
    ))
}
