//! `keyferry status`: every configured runner at a glance.

use clap::Args;
use serde_json::json;

use super::exit::{CliResult, Exit};
use super::{Global, Output, Session, history, output};
use crate::rotation::{Record, Step};

/// Arguments of `status`.
#[derive(Args)]
pub struct Status {}

impl Status {
    pub async fn run(&self, global: &Global) -> CliResult {
        let session = Session::open(global)?;
        let client = session.client()?;
        let journal = session.journal()?;
        let mut asked = tokio::task::JoinSet::new();
        for (index, runner) in session.config.runners.values().enumerate() {
            let (client, wanted) = (client.clone(), runner.identity.as_str().to_owned());
            asked.spawn(async move { (index, client.find_runner(&wanted).await) });
        }
        let mut answers = asked.join_all().await;
        answers.sort_by_key(|(index, _)| *index);
        let head = ["RUNNER", "ISSUER SAYS", "SINK", "LAST REFRESH", "AGE"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        let mut all = Vec::new();
        let mut failures = Vec::new();
        for (runner, (_, answer)) in session.config.runners.values().zip(answers) {
            let history = journal.history(Some(&runner.name), 100)?;
            let last = history.first();
            let done = history.iter().find(|record| record.step == Step::Done);
            let (word, connected) = match &answer {
                Ok(found) => (found.status.to_string(), found.connected),
                Err(error) => {
                    failures.push(format!("{}: {error}", runner.name));
                    ("can't be asked".to_owned(), None)
                }
            };
            let seen = match connected {
                Some(true) => format!("{word}, connected"),
                Some(false) => format!("{word}, NOT connected"),
                None => word.clone(),
            };
            rows.push(vec![
                runner.name.clone(),
                seen,
                runner.plugin.clone(),
                last.map(standing).unwrap_or_else(|| "never".to_owned()),
                done.and_then(|record| record.closed_at)
                    .map(output::age)
                    .unwrap_or_else(|| "-".to_owned()),
            ]);
            all.push(json!({
                "runner": runner.name,
                "runner_id": answer.as_ref().ok().map(|found| &found.id),
                "status": answer.as_ref().ok().map(|_| &word),
                "connected": connected,
                "sink": runner.plugin,
                "last": last.map(history::outcome),
                "problem": last.and_then(|record| record.problem.clone()),
                "refreshed_at": done.and_then(|record| record.refreshed_at).map(output::moment),
            }));
        }
        match global.output {
            Output::Json => output::json(&serde_json::Value::Array(all)),
            Output::Human => output::text(&output::table(&rows)),
        }
        for failure in &failures {
            eprintln!("error: {failure}");
        }
        Ok(if failures.is_empty() {
            Exit::Done
        } else {
            Exit::Failed
        })
    }
}

fn standing(record: &Record) -> String {
    let outcome = history::outcome(record);
    match record.is_over() {
        true => outcome,
        false => format!("{outcome}: `keyferry resume {}`", record.runner),
    }
}
