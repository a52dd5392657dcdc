//! What most subcommands begin with: the config, and what follows from it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;

use super::Global;
use super::exit::{CliError, Exit, fail};
use crate::auth::{Authenticator, Authenticators};
use crate::config::{self, Config, Identity, Runner};
use crate::matillion::{Client, Endpoints};
use crate::plugins::{self, Usable};
use crate::policy::Lock;
use crate::rotation::{Journal, Patience, RunnerAtIssuer, SandboxedSink};
use crate::sandbox::Sandbox;
use crate::sandbox::http::{PrivateRanges, Route};

/// The config with the state directory that goes with it.
pub struct Session {
    /// The config.
    pub config: Config,
    /// Where keys, journal, locks and cache live.
    pub state_dir: PathBuf,
    verbose: bool,
}

impl Session {
    /// Finds and reads the config.
    pub fn open(global: &Global) -> anyhow::Result<Self> {
        let path = config::find(global.config.as_deref())?;
        let config = config::load(&path)?;
        let state_dir = config::state_dir(global.state_dir.as_deref())?;
        Ok(Self {
            config,
            state_dir,
            verbose: global.verbose,
        })
    }

    /// The journal.
    pub fn journal(&self) -> anyhow::Result<Journal> {
        Ok(Journal::open(
            &self.state_dir,
            &self.config.journal.recipients,
        )?)
    }

    /// A client of the issuer.
    pub fn client(&self) -> anyhow::Result<Client> {
        let matillion = &self.config.matillion;
        let endpoints = Endpoints {
            base_url: matillion.base_url.clone(),
            token_url: matillion.token_url.clone(),
        };
        let secret = matillion
            .client_secret
            .read()
            .context("the issuer's client secret")?;
        Ok(Client::new(endpoints, matillion.client_id.clone(), secret)?)
    }

    /// The issuer's id of a runner. Asked for only where the config has a name, and then the first
    /// thing that a plan would look at.
    pub async fn runner_id(&self, client: &Client, runner: &Runner) -> Result<String, CliError> {
        match &runner.identity {
            Identity::Id(id) => Ok(id.clone()),
            Identity::Name(name) => match client.find_runner(name).await {
                Ok(found) => Ok(found.id),
                Err(error) => Err(fail(Exit::Refused, error)),
            },
        }
    }

    /// The sandbox with the operator's routes.
    pub fn sandbox(&self) -> anyhow::Result<Sandbox> {
        let routes = self.config.routes.iter();
        let routes = routes
            .map(|r| Route {
                from: r.from.clone(),
                to: r.to.clone(),
            })
            .collect();
        let private: PrivateRanges = self
            .config
            .allow_private
            .iter()
            .map(|allowed| (allowed.host.clone(), allowed.ranges.clone()))
            .collect();
        Ok(Sandbox::new(&self.state_dir, routes, private)?)
    }

    /// The approvals beside the config.
    pub fn lock(&self) -> anyhow::Result<Lock> {
        Ok(Lock::load(&Lock::path_beside(&self.config.path))?)
    }

    /// A runner's plugin, if it is approved.
    pub async fn plugin(&self, sandbox: &Sandbox, runner: &Runner) -> anyhow::Result<Usable> {
        Ok(plugins::usable(sandbox, &self.config, &self.lock()?, &runner.plugin).await?)
    }

    /// The operator's credentials by the names that a runner's sink uses.
    pub fn authenticators(&self, runner: &Runner) -> anyhow::Result<Authenticators> {
        let mut all = Authenticators::default();
        for (name, auth) in &self.config.auth {
            all.insert(
                name.clone(),
                Arc::new(Authenticator::from_config(name, auth)),
            );
        }
        for (need, name) in &runner.auth {
            if let Some(auth) = self.config.auth.get(name) {
                all.insert(
                    need.clone(),
                    Arc::new(Authenticator::from_config(name, auth)),
                );
            }
        }
        Ok(all)
    }

    /// The sink of a runner, ready to be called.
    pub fn sink<'a>(
        &self,
        sandbox: &'a Sandbox,
        plugin: &'a Usable,
        runner: &Runner,
        runner_id: &str,
    ) -> anyhow::Result<SandboxedSink<'a>> {
        let description = &plugin.description;
        let settings = plugins::complete(
            &runner.name,
            &description.name,
            &description.settings_schema,
            &runner.settings,
        )?;
        Ok(SandboxedSink {
            sandbox,
            prepared: &plugin.prepared,
            needs: &plugin.needs,
            settings,
            runner_id: runner_id.to_owned(),
            auth: self.authenticators(runner)?,
            log: super::watch::sink_log(self.verbose),
        })
    }

    /// The issuer, for one runner.
    pub fn issuer(&self, client: &Client, runner_id: &str) -> RunnerAtIssuer {
        RunnerAtIssuer {
            client: client.clone(),
            runner_id: runner_id.to_owned(),
        }
    }

    /// How long a runner's operator will wait.
    pub fn patience(&self, runner: &Runner) -> Patience {
        Patience {
            drain: runner.drain_timeout,
            rollout: runner.rollout_timeout,
            connect: runner.connect_timeout,
            ..Patience::default()
        }
    }
}
