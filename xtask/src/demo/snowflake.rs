//! A runner as a native app of Snowflake, whose secret is an object that can be written and never
//! read: what is kept is asked of the stand-in itself.

use std::time::Duration;

use anyhow::Result;
use keyferry_tests::issuer::RunnerSpec;
use keyferry_tests::process::Config;
use keyferry_tests::snowflake::{App, Fault, Operation, Pace, Snowflake};
use serde_json::{Map, Value, json};

use super::checks::Checks;
use super::say;
use super::stored::Stored;
use super::story::{Matillion, RUNNER, Scene, Words, plugin};

const TOKEN: &str = "SNOWFLAKE_TOKEN";
const SECRET: &str = "secret string";

/// A service of Snowflake and its secret.
pub struct InSnowflake {
    matillion: Matillion,
    snowflake: Snowflake,
    app: App,
}

impl InSnowflake {
    /// Starts it.
    pub fn start() -> Result<Self> {
        let matillion = Matillion::start(|name| RunnerSpec::on(name, "snowflake", "native app"))?;
        let snowflake = Snowflake::start_with(matillion.issuer.runner_hook())?;
        snowflake.set_pace(Pace {
            suspend: Duration::from_millis(700),
            start: Duration::from_millis(700),
            ..Pace::default()
        });
        let old = &matillion.old;
        let app = snowflake.seed_app(&matillion.id, &old.client_id, &old.client_secret);
        Ok(Self {
            matillion,
            snowflake,
            app,
        })
    }
}

impl Scene for InSnowflake {
    type Kept = Stored;

    fn matillion(&self) -> &Matillion {
        &self.matillion
    }

    fn words(&self) -> Words {
        Words {
            plugin: "snowflake",
            place: "the Snowflake secret",
            cloud: "Snowflake",
            instances: "containers",
            key: "a token of Snowflake",
            config: &[
                "The route leads to the stand-in; without it keyferry would talk to Snowflake. The issuer's client",
                "secret and the access token come by the environment.",
            ],
        }
    }

    fn introduce(&self) {
        say(format!(
            "Snowflake:             a stand-in at {}",
            self.snowflake.origin()
        ));
        say(format!(
            "\nThe runner {RUNNER} is connected. It runs as the service {};",
            self.app.service
        ));
        say(format!(
            "its client secret is the secret {}, which Snowflake",
            self.app.secret
        ));
        say("never shows. The grants on it must stay as they are.");
    }

    fn configure(&self, config: Config) -> Result<Config> {
        let name = self.words().plugin;
        let auth = [
            ("kind", json!("snowflake")),
            ("method", json!("access-token")),
            ("token", json!({ "env": TOKEN })),
        ];
        let settings = json!({
            "account": self.snowflake.account(),
            "secret": self.app.secret,
            "role": self.app.role,
            "restart": "service",
            "service": self.app.service,
        });
        let config = config
            .part("[auth.snowflake]", &auth)
            .env(TOKEN, &self.snowflake.access_token())
            .route(&self.snowflake.address(), &self.snowflake.origin());
        Ok(self.matillion.runner(plugin(config, name)?, name, settings))
    }

    fn kept(&self) -> Result<Stored> {
        let mut kept = Map::new();
        kept.insert(SECRET.to_owned(), self.snowflake.secret_string().into());
        for (privilege, kind, grantee) in self.snowflake.grants() {
            kept.insert(format!("grant {privilege}"), json!([kind, grantee]));
        }
        Stored::new(Value::Object(kept).to_string(), &[SECRET])
    }

    fn show(&self, before: &Stored, after: &Stored) {
        Stored::show(before, after);
    }

    fn held(&self, kept: &Stored) -> Option<String> {
        kept.string(SECRET)
    }

    fn check(&self, checks: &mut Checks, before: &Stored, after: &Stored) {
        let promise = "every grant on it is as it was";
        checks.only(promise, SECRET, &before.changed(after));
        let status = self.snowflake.service().status;
        checks.that("the service runs", status == "RUNNING", || {
            format!("it is {status}")
        });
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.snowflake.access_token()]
    }

    fn stall(&self) {
        let alter = Operation::AlterSecret;
        self.snowflake.fail(alter, Fault::Slow(Duration::ZERO));
        self.snowflake
            .fail(alter, Fault::Slow(Duration::from_secs(60)));
    }

    fn stalled(&self) -> bool {
        self.snowflake.count(Operation::AlterSecret) == 2
    }

    fn recover(&self) {
        self.snowflake.clear_faults();
    }
}
