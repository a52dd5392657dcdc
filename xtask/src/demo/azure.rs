//! A runner on Azure Container Apps, whose secret is one of the app's own.

use std::time::Duration;

use anyhow::Result;
use keyferry_tests::azure::{Azure, Container, Endpoint, Fault, NEIGHBOURS, Outcome, Rollout};
use keyferry_tests::issuer::RunnerSpec;
use keyferry_tests::process::Config;
use serde_json::{Map, Value};

use super::checks::Checks;
use super::say;
use super::stored::Stored;
use super::story::{Matillion, RUNNER, Scene, Words, plugin};

const SECRET: &str = "matillion-client-secret";
/// The secret, and a neighbour that is one too.
const SECRET_KEYS: &[&str] = &[SECRET, NEIGHBOURS[0].0];

/// A container app and its secrets.
pub struct InContainerApp {
    matillion: Matillion,
    azure: Azure,
    container: Container,
}

/// The app's secrets by name, and its template.
pub struct Kept {
    secrets: Stored,
    template: Value,
}

impl InContainerApp {
    /// Starts it.
    pub fn start() -> Result<Self> {
        let matillion = Matillion::start(|name| RunnerSpec::on(name, "azure", "container app"))?;
        let azure = Azure::start_with(matillion.issuer.runner_hook())?;
        azure.set_rollout(Rollout {
            duration: Duration::from_millis(1500),
            outcome: Outcome::Complete,
        });
        let old = &matillion.old;
        let container = azure.seed_etl(&matillion.id, &old.client_id, &old.client_secret);
        Ok(Self {
            matillion,
            azure,
            container,
        })
    }
}

impl Scene for InContainerApp {
    type Kept = Kept;

    fn matillion(&self) -> &Matillion {
        &self.matillion
    }

    fn words(&self) -> Words {
        Words {
            plugin: "azure-container-apps",
            place: "the container app",
            cloud: "Azure",
            instances: "replicas",
            key: "a token of Azure",
            config: &[
                "The authority and the route lead to the stand-in; without them keyferry would talk to Entra and",
                "Azure. The issuer's client secret and the principal's come by the environment.",
            ],
        }
    }

    fn introduce(&self) {
        say(format!(
            "Azure, with Entra:     a stand-in at {}",
            self.azure.origin()
        ));
        say(format!(
            "\nThe runner {RUNNER} is connected. It runs as the container app `{}` in the resource group",
            self.container.app
        ));
        say(format!(
            "`{}`; its client secret is the app's secret `{}`. Azure takes an app's",
            self.container.group, self.container.secret
        ));
        say("secrets as a whole, so the neighbours are sent along and must stay as they are.");
    }

    fn configure(&self, config: Config) -> Result<Config> {
        let name = self.words().plugin;
        let config = plugin(self.azure.configure(config), name)?;
        Ok(self
            .matillion
            .runner(config, name, self.container.settings()))
    }

    fn kept(&self) -> Result<Kept> {
        let app = self.azure.app();
        let all = app.list_secrets();
        let by_name = |entry: &Value| {
            let name = entry["name"].as_str().unwrap_or_default().to_owned();
            // A reference to a vault has no value.
            let value = entry.get("value").unwrap_or(&entry["keyVaultUrl"]);
            (name, value.clone())
        };
        let entries = all["value"].as_array().into_iter().flatten();
        let secrets = Value::Object(entries.map(by_name).collect::<Map<_, _>>());
        Ok(Kept {
            secrets: Stored::new(secrets.to_string(), SECRET_KEYS)?,
            template: app.template,
        })
    }

    fn show(&self, before: &Kept, after: &Kept) {
        Stored::show(&before.secrets, &after.secrets);
    }

    fn held(&self, kept: &Kept) -> Option<String> {
        kept.secrets.string(SECRET)
    }

    fn check(&self, checks: &mut Checks, before: &Kept, after: &Kept) {
        let promise = "every other secret of the app is as it was, the one in a vault too";
        checks.only(promise, SECRET, &before.secrets.changed(&after.secrets));
        checks.that(
            "the app's template is as it was",
            before.template == after.template,
            || "it is another".to_owned(),
        );
    }

    fn secrets(&self) -> Vec<String> {
        let principal = self.azure.principal().client_secret;
        vec![principal, NEIGHBOURS[0].1.to_owned()]
    }

    fn stall(&self) {
        let patch = Endpoint::PatchApp;
        self.azure.fail(patch, Fault::Slow(Duration::ZERO));
        self.azure.fail(patch, Fault::Slow(Duration::from_secs(60)));
    }

    fn stalled(&self) -> bool {
        self.azure.count(Endpoint::PatchApp) == 2
    }

    fn recover(&self) {
        self.azure.clear_faults();
    }
}
