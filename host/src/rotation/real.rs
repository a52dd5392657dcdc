//! The ports for real: the issuer's client and a component in the sandbox.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::ports::{Issuer, SinkFailure, SinkSteps};
use crate::auth::{AuthError, Authenticators};
use crate::matillion::{self, Client, Command, Execution, RefreshError, Runner};
use crate::policy::{Approved, Grant, Need};
use crate::sandbox::types::{FailureKind, Plan, Receipt, Rollout, Workload};
use crate::sandbox::{KnownCredential, Prepared, Sandbox, Sink, SinkLog, Target};
use crate::secret::Credential;

/// The issuer's client, for one runner.
pub struct RunnerAtIssuer {
    /// The client.
    pub client: Client,
    /// The issuer's id.
    pub runner_id: String,
}

impl Issuer for RunnerAtIssuer {
    async fn sign_in(&self, at_least: Duration) -> Result<(), matillion::Error> {
        self.client.sign_in(at_least).await
    }

    async fn runner(&self) -> Result<Runner, matillion::Error> {
        self.client.runner(&self.runner_id).await
    }

    async fn credential(&self) -> Result<Credential, matillion::Error> {
        self.client.credential(&self.runner_id).await
    }

    async fn refresh(&self) -> Result<Credential, RefreshError> {
        self.client.refresh_credential(&self.runner_id).await
    }

    async fn command(&self, command: Command) -> Result<(), matillion::Error> {
        self.client.command(&self.runner_id, command).await
    }

    async fn running(&self) -> Result<Vec<Execution>, matillion::Error> {
        self.client.running_executions(&self.runner_id).await
    }

    async fn grants_token(&self, credential: &Credential) -> Result<bool, matillion::Error> {
        self.client.grants_token(credential).await
    }
}

/// A component for one runner: approved, with its settings and the operator's credentials.
pub struct SandboxedSink<'a> {
    /// Where it runs.
    pub sandbox: &'a Sandbox,
    /// What runs.
    pub prepared: &'a Prepared,
    /// What it may ask for.
    pub needs: &'a Approved<Vec<Need>>,
    /// Valid, with defaults.
    pub settings: Map<String, Value>,
    /// The issuer's id.
    pub runner_id: String,
    /// The operator's credentials.
    pub auth: Authenticators,
    /// Where its lines go.
    pub log: SinkLog,
}

impl SandboxedSink<'_> {
    /// The sink under one attempt, with what the approval grants there.
    fn sink(
        &self,
        attempt: &str,
        before: Option<&KnownCredential>,
    ) -> Result<Sink<'_>, SinkFailure> {
        let grant = Grant::new(self.needs, &self.settings, &self.runner_id, attempt)
            .map_err(|error| refused(FailureKind::Rejected, error.to_string()))?;
        Ok(Sink {
            sandbox: self.sandbox,
            prepared: self.prepared,
            grant: Arc::new(grant),
            auth: self.auth.clone(),
            target: Target {
                runner_id: self.runner_id.clone(),
                settings: Value::Object(self.settings.clone()).to_string(),
                attempt: attempt.to_owned(),
            },
            others: before.cloned().into_iter().collect(),
            log: Arc::clone(&self.log),
        })
    }
}

impl SinkSteps for SandboxedSink<'_> {
    async fn warm(&self) -> Result<(), SinkFailure> {
        let mut names: Vec<&str> = self
            .needs
            .get()
            .iter()
            .filter_map(|need| match need {
                Need::Http(http) => http.auth.as_deref(),
                _ => None,
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let denied = |error: AuthError| refused(FailureKind::Denied, error.to_string());
            self.auth
                .get(name)
                .map_err(denied)?
                .warm()
                .await
                .map_err(denied)?;
        }
        Ok(())
    }

    async fn check(&self, attempt: &str, current: &KnownCredential) -> Result<Plan, SinkFailure> {
        Ok(self.sink(attempt, None)?.check(current).await?)
    }

    async fn write(
        &self,
        attempt: &str,
        fresh: &KnownCredential,
        before: Option<&KnownCredential>,
    ) -> Result<Receipt, SinkFailure> {
        Ok(self.sink(attempt, before)?.write(fresh).await?)
    }

    async fn verify(
        &self,
        attempt: &str,
        fresh: &KnownCredential,
        before: Option<&KnownCredential>,
    ) -> Result<Receipt, SinkFailure> {
        Ok(self.sink(attempt, before)?.verify(fresh).await?)
    }

    async fn restart(&self, attempt: &str, stored: &Receipt) -> Result<Workload, SinkFailure> {
        Ok(self.sink(attempt, None)?.restart(stored).await?)
    }

    async fn observe(&self, attempt: &str, restarted: &Workload) -> Result<Rollout, SinkFailure> {
        Ok(self.sink(attempt, None)?.observe(restarted).await?)
    }
}

fn refused(kind: FailureKind, message: String) -> SinkFailure {
    SinkFailure {
        kind,
        message,
        retry_after: None,
    }
}
