//! What runs where. The API does not say which runner an execution uses, so it is derived: the
//! environments whose default runner it is, and what is in flight there. A run that names its
//! runner explicitly stays unseen.

use std::sync::atomic::Ordering;

use tokio::task::JoinSet;
use url::Url;

use super::answers;
use super::client::Client;
use super::error::Error;
use super::execution::{Environment, Execution, Project};

const MOST_AT_ONCE: usize = 8;
const PAGE_SIZE: &str = "100";
const MOST_PAGES: usize = 100;

/// Which executions to list. Empty fields do not filter.
#[derive(Clone, Debug, Default)]
pub struct ExecutionFilter {
    /// Of this project.
    pub project_id: Option<String>,
    /// In this environment.
    pub environment: Option<String>,
    /// In any of these statuses, in the API's spelling.
    pub statuses: Vec<String>,
}

impl Client {
    /// All projects that the API credential can see.
    pub async fn projects(&self) -> Result<Vec<Project>, Error> {
        self.list(&["projects"], answers::project).await
    }

    /// All environments of a project.
    pub async fn environments(&self, project_id: &str) -> Result<Vec<Environment>, Error> {
        let segments = ["projects", project_id, "environments"];
        self.list(&segments, answers::environment).await
    }

    /// All executions that pass the filter, the newest first.
    pub async fn executions(&self, filter: &ExecutionFilter) -> Result<Vec<Execution>, Error> {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let url = self.executions_url(filter, token.as_deref());
            let page = answers::page(&self.read(url).await?)?;
            all.extend(page.results.iter().map(answers::execution));
            if page.more.is_none() || page.more == token {
                break;
            }
            token = page.more;
        }
        Ok(all)
    }

    fn executions_url(&self, filter: &ExecutionFilter, token: Option<&str>) -> Url {
        let mut url = self.url(&["pipeline-executions"]);
        let mut query = url.query_pairs_mut();
        query.append_pair("limit", PAGE_SIZE);
        let given = [
            ("projectId", filter.project_id.as_deref()),
            ("environmentName", filter.environment.as_deref()),
            ("paginationToken", token),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        for status in &filter.statuses {
            query.append_pair("status", status);
        }
        drop(query);
        url
    }

    /// What is in flight in the environments whose default runner this is.
    pub async fn running_executions(&self, runner_id: &str) -> Result<Vec<Execution>, Error> {
        let projects = self.projects().await?;
        let places = at_once(projects.into_iter().map(|project| {
            let client = self.clone();
            async move {
                let environments = client.environments(&project.id).await?;
                let place = |environment| (project.id.clone(), environment);
                Ok(environments.into_iter().map(place).collect())
            }
        }));
        let places: Vec<(String, Environment)> = places.await?;
        let mine = places.into_iter().filter(|(_, environment)| {
            let default = environment.default_runner.as_deref();
            default.is_some_and(|id| id.eq_ignore_ascii_case(runner_id))
        });
        let mut running = at_once(mine.map(|(project_id, environment)| {
            let client = self.clone();
            async move { client.in_flight(project_id, environment.name).await }
        }))
        .await?;
        running.sort_by(|left: &Execution, right| left.id.cmp(&right.id));
        running.dedup_by(|left, right| left.id == right.id && !left.id.is_empty());
        Ok(running)
    }

    async fn in_flight(&self, project_id: String, name: String) -> Result<Vec<Execution>, Error> {
        let mut filter = ExecutionFilter {
            project_id: Some(project_id),
            environment: Some(name.clone()),
            statuses: vec!["RUNNING".to_owned(), "CANCELLING".to_owned()],
        };
        let documented = filter.clone();
        filter.statuses.push("QUEUED".to_owned());
        let found = if self.inner.no_queued.load(Ordering::Relaxed) {
            self.executions(&documented).await?
        } else {
            match self.executions(&filter).await {
                Err(error) if error.status() == Some(400) => {
                    let found = self.executions(&documented).await?;
                    self.inner.no_queued.store(true, Ordering::Relaxed);
                    found
                }
                found => found?,
            }
        };
        // The filter is the issuer's to apply; an execution that plainly is over, or elsewhere,
        // must not keep a runner waiting.
        let here = |execution: &Execution| {
            let place = &execution.environment;
            place.is_empty() || place.eq_ignore_ascii_case(&name)
        };
        Ok(found
            .into_iter()
            .filter(|execution| execution.status.is_in_flight() && here(execution))
            .collect())
    }
}

/// Runs the jobs, a few at a time, and gathers what they found.
async fn at_once<T, J>(jobs: impl Iterator<Item = J>) -> Result<Vec<T>, Error>
where
    T: Send + 'static,
    J: Future<Output = Result<Vec<T>, Error>> + Send + 'static,
{
    let (mut jobs, mut running, mut all) = (jobs, JoinSet::new(), Vec::new());
    loop {
        while running.len() < MOST_AT_ONCE
            && let Some(job) = jobs.next()
        {
            running.spawn(job);
        }
        match running.join_next().await {
            Some(found) => all.extend(found.expect("no job panics or is aborted")?),
            None => return Ok(all),
        }
    }
}
