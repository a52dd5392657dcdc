//! One runner in its world: an issuer, an AWS account where it is installed, and a folder in which
//! `keyferry` is configured for both. What must hold after every test is said here once.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::aws::{Aws, Etl, Operation};
use crate::issuer::{Endpoint, Issuer, Pair, RunnerSpec};
use crate::process::{Config, Outcome, Running, Workspace, sink};

/// The runner's name in the config and at the issuer.
pub const RUNNER: &str = "etl-prod";

/// Issuer, AWS and a folder with a config that fits them.
pub struct World {
    /// The issuer.
    pub issuer: Issuer,
    /// AWS.
    pub aws: Aws,
    /// The installation.
    pub etl: Etl,
    /// The runner's id.
    pub id: String,
    /// What the folder's config says.
    pub config: Config,
    /// The folder.
    pub workspace: Workspace,
    before: String,
    first: Pair,
}

/// How `keyferry` ended, and the document it gave.
pub struct Ended {
    /// The exit code.
    pub code: Option<i32>,
    /// The JSON document on standard output; null if there is none.
    pub json: Value,
    /// Standard error.
    pub stderr: String,
}

impl World {
    /// A world whose runner has these keys in the config, besides id, plugin and settings.
    ///
    /// # Panics
    /// If a server can't start or a program was not built.
    pub fn new(more: &[(&str, Value)]) -> Self {
        Self::with(|_| {}, more, |config| config)
    }

    /// The same, with the sink approved.
    ///
    /// # Panics
    /// If it can't be.
    pub fn approved(more: &[(&str, Value)]) -> Self {
        let world = Self::new(more);
        world.approve();
        world
    }

    /// With an issuer that is `prepared` before it has a runner, and a config to be `changed`.
    ///
    /// # Panics
    /// If a server can't start or a program was not built.
    pub fn with(
        prepare: impl FnOnce(&Issuer),
        more: &[(&str, Value)],
        change: impl FnOnce(Config) -> Config,
    ) -> Self {
        let issuer = Issuer::start().expect("an issuer");
        prepare(&issuer);
        let spec = RunnerSpec::fargate(RUNNER);
        let id = spec.id.clone();
        let first = issuer.add_runner(spec);
        let aws = Aws::start_with(issuer.runner_hook()).expect("an AWS");
        let etl = aws.seed_etl(&id, &first.client_id, &first.client_secret);
        let component = sink("aws-ecs").expect("a built sink");
        let config = Config::new(&issuer)
            .aws(&aws)
            .plugin("aws-ecs", &component)
            .etl(RUNNER, &id, &aws.region(), &etl, more);
        let config = change(config);
        let workspace = Workspace::new(&config).expect("a folder");
        let before = aws.secret_string(&etl.secret_id).expect("a seeded secret");
        Self {
            issuer,
            aws,
            etl,
            id,
            config,
            workspace,
            before,
            first,
        }
    }

    /// Approves the sink.
    ///
    /// # Panics
    /// If it can't be approved.
    pub fn approve(&self) {
        let approved = self.run(&["plugins", "approve", "aws-ecs", "--yes"]);
        assert_eq!(approved.code, Some(0), "{}", approved.stderr);
    }

    /// Runs `keyferry` to its end.
    ///
    /// # Panics
    /// If it can't be run, or takes too long.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        let run = self.workspace.keyferry(arguments).expect("a built program");
        run.finish().expect("it ends")
    }

    /// Runs it for its JSON document.
    ///
    /// # Panics
    /// If what it gives is no JSON.
    pub fn json(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.run(&[arguments, &["--output", "json"]].concat()))
    }

    /// Starts it.
    ///
    /// # Panics
    /// If it can't be started.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let run = self.workspace.keyferry(arguments).expect("a built program");
        run.start().expect("it starts")
    }

    /// `refresh --yes`.
    pub fn refresh(&self) -> Ended {
        self.json(&["refresh", RUNNER, "--yes"])
    }

    /// Starts `refresh --yes`.
    pub fn start_refresh(&self) -> Running {
        self.start(&["refresh", RUNNER, "--yes", "--output", "json"])
    }

    /// `resume`.
    pub fn resume(&self) -> Ended {
        self.json(&["resume", RUNNER])
    }

    /// What the journal tells of the newest attempt.
    ///
    /// # Panics
    /// If it holds none.
    pub fn last_attempt(&self) -> Value {
        let history = self.json(&["history", RUNNER]);
        assert_eq!(history.code, Some(0), "{}", history.stderr);
        let newest = history.json.get(0).expect("an attempt in the journal");
        newest.clone()
    }

    /// What AWS holds now.
    ///
    /// # Panics
    /// If that is no text.
    pub fn stored(&self) -> String {
        let stored = self.aws.secret_string(&self.etl.secret_id);
        stored.expect("a text in the secret")
    }

    /// The pair that was live when the world began.
    pub fn first(&self) -> &Pair {
        &self.first
    }

    /// Waits until `condition` holds.
    ///
    /// # Panics
    /// After ten seconds.
    pub fn eventually(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(10);
        while !condition(self) {
            assert!(Instant::now() < end, "{what}: never");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Asserts that all is well after `refreshes`: the issuer counted so many, AWS holds the live
    /// pair, every other byte of its secret is as before, and the runner is connected.
    ///
    /// # Panics
    /// If anything of it does not hold.
    pub fn assert_whole(&self, refreshes: u32) {
        self.assert_whole_since(&self.before, &self.first, refreshes);
    }

    /// The same, from a text that held this pair.
    ///
    /// # Panics
    /// If anything of it does not hold.
    pub fn assert_whole_since(&self, before: &str, held: &Pair, refreshes: u32) {
        assert_eq!(self.issuer.refreshes(&self.id), refreshes, "refreshes");
        let live = self.issuer.credential(&self.id);
        let expected = before
            .replace(&quoted(&held.client_secret), &quoted(&live.client_secret))
            .replace(&quoted(&held.client_id), &quoted(&live.client_id));
        // Not `assert_eq`: it would print both.
        assert!(
            self.stored() == expected,
            "AWS holds something else than the text before with the live pair in it"
        );
        assert!(
            self.issuer.runner(&self.id).connected,
            "the runner is connected"
        );
    }

    /// Asserts that neither the issuer nor AWS was asked to change anything.
    ///
    /// # Panics
    /// If one was.
    pub fn assert_untouched(&self) {
        let asked = |endpoint| self.issuer.count(endpoint);
        assert_eq!(asked(Endpoint::RefreshCredential), 0, "refreshes asked for");
        assert_eq!(asked(Endpoint::Command), 0, "commands");
        for operation in [Operation::PutSecretValue, Operation::UpdateService] {
            assert_eq!(self.aws.count(operation), 0, "{operation:?}");
        }
        assert!(self.stored() == self.before, "the secret is as it was");
    }

    /// Asserts that nothing was refreshed and that AWS holds what it held.
    ///
    /// # Panics
    /// If that does not hold.
    pub fn assert_not_refreshed(&self) {
        assert_eq!(self.issuer.refreshes(&self.id), 0, "refreshes");
        assert!(self.stored() == self.before, "the secret is as it was");
        let restarts = self.aws.count(Operation::UpdateService);
        assert_eq!(restarts, 0, "restarts");
    }
}

impl Ended {
    /// Reads the document.
    ///
    /// # Panics
    /// If there is one that is no JSON.
    pub fn of(outcome: Outcome) -> Self {
        let json = match outcome.stdout.trim() {
            "" => Value::Null,
            text => serde_json::from_str(text).expect("one JSON document on standard output"),
        };
        Self {
            code: outcome.code,
            json,
            stderr: outcome.stderr,
        }
    }

    /// Asserts the exit code, which the document must repeat if there is one.
    ///
    /// # Panics
    /// With what was said, if it is another.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stderr, self.json);
        if self.json.get("exit").is_some() {
            assert_eq!(self.json["exit"], json!(code), "{}", self.json);
        }
        self
    }

    /// Asserts that all of `parts` were said to people or to programs.
    ///
    /// # Panics
    /// With what was said, if one was not.
    pub fn says(self, parts: &[&str]) -> Self {
        let message = self.json["message"].as_str().unwrap_or_default();
        for part in parts {
            let said = self.stderr.contains(part) || message.contains(part);
            assert!(said, "`{part}` is not in\n{}\n{message}", self.stderr);
        }
        self
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
