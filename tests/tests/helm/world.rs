//! One runner installed by helm in its world, and what must hold after every test.

use std::sync::Arc;

use keyferry_tests::canary::assert_no_canary;
use keyferry_tests::helm::{Chart, Cluster, Helm, Installation, User, values};
use keyferry_tests::issuer::{Issuer, Pair, RunnerSpec};
use keyferry_tests::process::{Config, Outcome, Workspace, sink};
use keyferry_tests::world::{Ended, RUNNER};
use serde_json::{Value, json};

/// What a test wants otherwise than usual.
pub struct Wanted {
    pub helm: Helm,
    pub user: User,
    /// The values file, made of the runner's id and pair.
    pub values: fn(&str, &Pair) -> String,
    /// More arguments of `helm install`.
    pub set: fn(&str, &Pair) -> Vec<String>,
    /// More settings of the sink.
    pub settings: Value,
    /// More keys of the runner.
    pub keys: Value,
    /// The secrets that the issuer makes, if not its usual ones.
    pub secrets: Option<fn() -> String>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            helm: Helm::Three,
            user: User::Admin,
            values,
            set: |_, _| Vec::new(),
            settings: json!({}),
            keys: json!({}),
            secrets: None,
        }
    }
}

/// Issuer, installation and a folder with a config that fits them.
pub struct World {
    pub issuer: Issuer,
    pub installed: Installation,
    pub id: String,
    pub first: Pair,
    pub workspace: Workspace,
    pub before: String,
}

impl World {
    /// With the sink approved; nothing where there can be no cluster.
    pub fn of(wanted: Wanted) -> Option<Self> {
        let cluster = Cluster::shared_or_skip()?;
        let issuer = Issuer::start().expect("an issuer");
        if let Some(secrets) = wanted.secrets {
            issuer.configure(|issuer| issuer.new_secret = Arc::new(secrets));
        }
        let spec = RunnerSpec::on(RUNNER, "gcp", "gke");
        let id = spec.id.clone();
        let first = issuer.add_runner(spec);
        let before = (wanted.values)(&id, &first);
        let chart = Chart {
            values: before.clone(),
            set: (wanted.set)(&id, &first),
        };
        let hook = issuer.runner_hook();
        let installed = Installation::new(cluster, wanted.helm, &chart, hook).expect("installed");
        let mut settings = installed.settings();
        for (name, value) in wanted.settings.as_object().into_iter().flatten() {
            settings[name] = value.clone();
        }
        let keys: Vec<(&str, Value)> = wanted
            .keys
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        let component = sink("helm").expect("a built sink").display().to_string();
        let path = std::env::var("PATH").expect("a PATH");
        let path = format!("{}:{path}", installed.shims().folder().display());
        let config = Config::new(&issuer)
            .part(
                "[plugins.helm]",
                &[
                    ("path", json!(component)),
                    ("folders", json!([installed.values_folder()])),
                    ("environment", json!(["PATH", "HOME", "KUBECONFIG"])),
                    ("limits", json!({ "time": "20s" })),
                ],
            )
            .runner(RUNNER, &id, "helm", settings, &keys)
            .env("PATH", &path)
            .env(
                "KUBECONFIG",
                &installed.kubeconfig(wanted.user).display().to_string(),
            );
        let workspace = Workspace::new(&config).expect("a folder");
        let world = Self {
            issuer,
            installed,
            id,
            first,
            workspace,
            before,
        };
        let approved = world.run(&["plugins", "approve", "helm", "--yes"]);
        assert_eq!(approved.code, Some(0), "{}", approved.stderr);
        Some(world)
    }

    pub fn new() -> Option<Self> {
        Self::of(Wanted::default())
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        let run = self.workspace.keyferry(arguments).expect("a built program");
        run.finish().expect("it ends")
    }

    /// Runs it for its document; whatever it said and left behind holds no secret.
    pub fn json(&self, arguments: &[&str]) -> Ended {
        let outcome = self.run(&[arguments, &["--output", "json"]].concat());
        self.assert_sealed(&outcome);
        Ended::of(outcome)
    }

    pub fn plan(&self) -> Ended {
        self.json(&["plan", RUNNER])
    }

    pub fn refresh(&self) -> Ended {
        self.json(&["refresh", RUNNER, "--yes"])
    }

    pub fn resume(&self) -> Ended {
        self.json(&["resume", RUNNER])
    }

    pub fn live(&self) -> Pair {
        self.issuer.credential(&self.id)
    }

    pub fn assert_sealed(&self, outcome: &Outcome) {
        let live = self.live().client_secret;
        let secrets = [self.first.client_secret.as_str(), live.as_str()];
        let calls = self.installed.shims().calls().join("\n");
        let said = [
            ("standard output", outcome.stdout.as_bytes()),
            ("standard error", outcome.stderr.as_bytes()),
            ("arguments of programs", calls.as_bytes()),
        ];
        assert_no_canary(&said, &secrets);
        // Neither the compiled component nor what kubectl keeps of the API's description.
        let caches = ["state/cache/", "home/.kube/cache/"];
        for (name, bytes) in self.workspace.files().expect("files") {
            if caches.iter().any(|cache| name.starts_with(cache)) {
                continue;
            }
            assert_no_canary(&[(&name, &bytes)], &secrets);
        }
    }

    /// The file is as it was but for the secret, the cluster and the release hold the live pair,
    /// and the runner is connected by pods that read it.
    pub fn assert_whole(&self, refreshes: u32) {
        assert_eq!(self.issuer.refreshes(&self.id), refreshes, "refreshes");
        let live = self.live();
        self.assert_stored();
        let released = self.installed.released().expect("values");
        // Not `assert_eq`: it would print both.
        let own = released["config"]["oauthClientSecret"] == json!(live.client_secret);
        assert!(own, "the release holds the live secret");
        assert!(
            self.issuer.runner(&self.id).connected,
            "the runner is connected"
        );
        assert_eq!(self.installed.revision().expect("a revision").1, "deployed");
    }

    /// What the pods read is the live pair, byte for byte.
    pub fn assert_stored(&self) {
        let stored = self.installed.stored().expect("a Secret");
        assert!(stored == self.live(), "the Secret holds the live pair");
    }

    /// Nothing was written anywhere and nothing asked of the issuer but reads.
    pub fn assert_untouched(&self) {
        assert_eq!(self.issuer.refreshes(&self.id), 0, "refreshes");
        assert!(
            self.installed.values_text() == self.before,
            "the file is as it was"
        );
        let shims = self.installed.shims();
        assert_eq!(
            (shims.count("helm upgrade"), shims.count("kubectl rollout")),
            (0, 0)
        );
    }
}

/// The lines of a `git diff` that begin with this sign.
pub fn changed_lines<'a>(one: &'a str, other: &'a str) -> Vec<&'a str> {
    let mut rest: Vec<&str> = other.split_inclusive('\n').collect();
    let mut gone = Vec::new();
    for line in one.split_inclusive('\n') {
        match rest.iter().position(|other| *other == line) {
            Some(at) => drop(rest.remove(at)),
            None => gone.push(line),
        }
    }
    gone
}
