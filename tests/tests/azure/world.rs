//! One runner on Azure in its world, and what must hold after every test.

use keyferry_tests::azure::{App, Azure, Container, Endpoint, NEIGHBOURS, Secret};
use keyferry_tests::canary::assert_no_canary;
use keyferry_tests::issuer::{Issuer, Pair, RunnerSpec};
use keyferry_tests::process::{Config, Workspace, sink};
use keyferry_tests::world::{Ended, RUNNER};
use serde_json::{Value, json};

/// Issuer, Azure and a folder with a config that fits them.
pub struct World {
    pub issuer: Issuer,
    pub azure: Azure,
    pub container: Container,
    pub id: String,
    pub first: Pair,
    pub workspace: Workspace,
    before: App,
}

impl World {
    /// With these settings besides where the app is, and the sink approved.
    pub fn new(settings: &Value) -> Self {
        Self::with(settings, |_| {}, |azure, config| azure.configure(config))
    }

    /// With an issuer that is `prepared` before it has a runner, and Azure in the config as
    /// `configure` puts it there.
    pub fn with(
        settings: &Value,
        prepare: impl FnOnce(&Issuer),
        configure: impl FnOnce(&Azure, Config) -> Config,
    ) -> Self {
        let issuer = Issuer::start().expect("an issuer");
        prepare(&issuer);
        let spec = RunnerSpec::on(RUNNER, "azure", "container app");
        let id = spec.id.clone();
        let first = issuer.add_runner(spec);
        let azure = Azure::start_with(issuer.runner_hook()).expect("an Azure");
        let container = azure.seed_etl(&id, &first.client_id, &first.client_secret);
        let mut all = container.settings();
        let mut keys = vec![];
        for (name, value) in settings.as_object().into_iter().flatten() {
            match name.as_str() {
                "rehearse" | "rollout_timeout" => keys.push((name.as_str(), value.clone())),
                _ => all[name] = value.clone(),
            }
        }
        let component = sink("azure-container-apps").expect("a built sink");
        let config = configure(&azure, Config::new(&issuer))
            .plugin("azure-container-apps", &component)
            .runner(RUNNER, &id, "azure-container-apps", all, &keys);
        let workspace = Workspace::new(&config).expect("a folder");
        let before = azure.app();
        let world = Self {
            issuer,
            azure,
            container,
            id,
            first,
            workspace,
            before,
        };
        let approved = world.run(&["plugins", "approve", "azure-container-apps", "--yes"]);
        assert_eq!(approved.code, Some(0), "{}", approved.stderr);
        world
    }

    fn run(&self, arguments: &[&str]) -> keyferry_tests::process::Outcome {
        let run = self.workspace.keyferry(arguments).expect("a built program");
        run.finish().expect("it ends")
    }

    pub fn json(&self, arguments: &[&str]) -> Ended {
        let outcome = self.run(&[arguments, &["--output", "json"]].concat());
        let live = self.issuer.credential(&self.id).client_secret;
        let principal = self.azure.principal().client_secret;
        let said = [
            ("stdout", outcome.stdout.as_bytes()),
            ("stderr", outcome.stderr.as_bytes()),
        ];
        let secrets = [
            live.as_str(),
            &self.first.client_secret,
            &principal,
            NEIGHBOURS[0].1,
        ];
        assert_no_canary(&said, &secrets);
        Ended::of(outcome)
    }

    pub fn refresh(&self) -> Ended {
        self.json(&["refresh", RUNNER, "--yes"])
    }

    pub fn resume(&self) -> Ended {
        self.json(&["resume", RUNNER])
    }

    /// Asserts that all is well after `refreshes`: Azure holds the live pair, every other secret
    /// is as before and in its place, and the runner is connected.
    pub fn assert_whole(&self, refreshes: u32) {
        assert_eq!(self.issuer.refreshes(&self.id), refreshes, "refreshes");
        let live = self.issuer.credential(&self.id);
        let mut expected = self.before.clone();
        expected.set("matillion-client-secret", Secret::Value(live.client_secret));
        expected.set("matillion-client-id", Secret::Value(live.client_id));
        let now = self.azure.app();
        // Not `assert_eq`: it would print both.
        assert!(
            now.secrets == expected.secrets,
            "Azure holds something else than the secrets before with the live pair in them"
        );
        assert_eq!(now.template, self.before.template, "the template");
        assert!(self.issuer.runner(&self.id).connected, "connected");
    }

    /// Asserts that nothing was refreshed and nothing changed.
    pub fn assert_untouched(&self) {
        assert_eq!(self.issuer.refreshes(&self.id), 0, "refreshes");
        for endpoint in [Endpoint::PatchApp, Endpoint::RestartRevision] {
            assert_eq!(self.azure.count(endpoint), 0, "{endpoint:?}");
        }
    }

    /// How often the app's revisions were restarted.
    pub fn restarts(&self) -> u32 {
        self.azure
            .app()
            .revisions
            .iter()
            .map(|revision| revision.restarts)
            .sum()
    }
}

/// No settings of its own.
pub fn plain() -> Value {
    json!({})
}
