//! Runners: all of them, one by its id, one by its name, and the commands they take.

use serde_json::json;
use uuid::Uuid;

use super::answers;
use super::client::Client;
use super::error::Error;
use super::runner::{Command, Runner};

const MOST_SUGGESTIONS: usize = 3;

impl Client {
    /// All runners of the account. A list may leave `connected` and the status out.
    pub async fn runners(&self) -> Result<Vec<Runner>, Error> {
        self.list(&["agents"], answers::runner).await
    }

    /// One runner, as it is now.
    pub async fn runner(&self, id: &str) -> Result<Runner, Error> {
        // In an address these would stand for the folder above.
        if matches!(id, "" | "." | "..") {
            return Err(no_such(id, &[]));
        }
        let answer = self.read(self.url(&["agents", id])).await?;
        let found = answers::runner(&answers::json(&answer)?);
        found.ok_or_else(|| answer.unreadable("the body is no runner with an agentId"))
    }

    /// One runner, by its id or by a name that no other has.
    pub async fn find_runner(&self, id_or_unique_name: &str) -> Result<Runner, Error> {
        let wanted = id_or_unique_name;
        if Uuid::try_parse(wanted).is_ok() {
            match self.runner(wanted).await {
                Err(error) if error.status() == Some(404) => {
                    return Err(no_such(wanted, &self.runners().await?));
                }
                found => return found,
            }
        }
        let all = self.runners().await?;
        let named: Vec<&Runner> = all.iter().filter(|runner| runner.name == wanted).collect();
        match named.as_slice() {
            [] => Err(no_such(wanted, &all)),
            [one] => self.runner(&one.id).await,
            many => Err(Error::NotUnique {
                name: wanted.to_owned(),
                ids: many.iter().map(|runner| runner.id.clone()).collect(),
            }),
        }
    }

    /// Tells a runner to pause, resume or restart. The issuer passes it on and does not wait.
    pub async fn command(&self, runner_id: &str, command: Command) -> Result<(), Error> {
        let url = self.url(&["agents", runner_id, "commands"]);
        let body = json!({ "command": command.word() });
        self.order(url, &body).await.map(drop)
    }
}

fn no_such(wanted: &str, all: &[Runner]) -> Error {
    let close = |runner: &Runner| {
        let by_name = strsim::jaro_winkler(&wanted.to_lowercase(), &runner.name.to_lowercase());
        by_name.max(strsim::jaro_winkler(wanted, &runner.id))
    };
    let mut nearest: Vec<(f64, String)> = all
        .iter()
        .map(|runner| (close(runner), runner.name.clone()))
        .filter(|(score, _)| *score > 0.7)
        .collect();
    nearest.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    nearest.dedup_by(|left, right| left.1 == right.1);
    nearest.truncate(MOST_SUGGESTIONS);
    Error::NoSuchRunner {
        wanted: wanted.to_owned(),
        nearest: nearest.into_iter().map(|(_, name)| name).collect(),
    }
}
