//! A runner on ECS whose secret lives in AWS Secrets Manager.

use std::time::Duration;

use anyhow::{Context, Result};
use keyferry_tests::aws::{Aws, Etl, Fault, Operation, Outcome};
use keyferry_tests::issuer::RunnerSpec;
use keyferry_tests::process::Config;

use super::checks::Checks;
use super::say;
use super::stored::Stored;
use super::story::{Matillion, RUNNER, Scene, Words, drain, plugin};

/// The secret's key, and a neighbour that is a secret too.
const SECRET_KEYS: &[&str] = &["client_secret", "db_password"];

/// A service of ECS and its secret.
pub struct OnEcs {
    matillion: Matillion,
    aws: Aws,
    etl: Etl,
}

impl OnEcs {
    /// Starts it.
    pub fn start() -> Result<Self> {
        let matillion = Matillion::start(RunnerSpec::fargate)?;
        let aws = Aws::start_with(matillion.issuer.runner_hook())?;
        aws.set_rollout(Duration::from_millis(1500), Outcome::Complete);
        let old = &matillion.old;
        let etl = aws.seed_etl(&matillion.id, &old.client_id, &old.client_secret);
        Ok(Self {
            matillion,
            aws,
            etl,
        })
    }
}

impl Scene for OnEcs {
    type Kept = Stored;

    fn matillion(&self) -> &Matillion {
        &self.matillion
    }

    fn words(&self) -> Words {
        Words {
            plugin: "aws-ecs",
            place: "AWS Secrets Manager",
            cloud: "AWS",
            instances: "tasks",
            key: "an AWS key",
            config: &[
                "The routes lead to the stand-ins; without them keyferry would talk to AWS. The issuer's client",
                "secret and the AWS key come by the environment.",
            ],
        }
    }

    fn introduce(&self) {
        say(format!(
            "AWS:                   a stand-in at {}",
            self.aws.origin()
        ));
        say(format!(
            "\nThe runner {RUNNER} is connected. ECS runs it as the service `{}` in the cluster `{}`;",
            self.etl.service, self.etl.cluster
        ));
        say(format!(
            "its client secret is one key of the secret `{}` in Secrets Manager,",
            self.etl.secret_id
        ));
        say("among neighbours that must stay as they are.");
    }

    fn configure(&self, config: Config) -> Result<Config> {
        let (id, region) = (&self.matillion.id, self.aws.region());
        let config = plugin(config.aws(&self.aws), "aws-ecs")?;
        Ok(config.etl(RUNNER, id, &region, &self.etl, &[drain()]))
    }

    fn kept(&self) -> Result<Stored> {
        let text = self.aws.secret_string(&self.etl.secret_id);
        Stored::new(text.context("Secrets Manager holds no text")?, SECRET_KEYS)
    }

    fn show(&self, before: &Stored, after: &Stored) {
        Stored::show(before, after);
    }

    fn held(&self, kept: &Stored) -> Option<String> {
        kept.string("client_secret")
    }

    fn check(&self, checks: &mut Checks, before: &Stored, after: &Stored) {
        let promise = "every neighbour in it is as it was, byte for byte";
        checks.only(promise, "client_secret", &before.changed(after));
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    fn stall(&self) {
        let put = Operation::PutSecretValue;
        self.aws.fail(put, Fault::Slow(Duration::ZERO));
        self.aws.fail(put, Fault::Slow(Duration::from_secs(60)));
    }

    fn stalled(&self) -> bool {
        self.aws.count(Operation::PutSecretValue) == 2
    }

    fn recover(&self) {
        self.aws.clear_faults();
    }
}
