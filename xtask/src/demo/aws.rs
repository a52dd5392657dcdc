//! The story of a runner on ECS whose secret lives in AWS Secrets Manager.

use std::time::Duration;

use anyhow::{Context, Result};
use keyferry_tests::aws::{Aws, Etl, Fault, Operation, Outcome};
use keyferry_tests::issuer::{Issuer, Pair, RunnerSpec};
use keyferry_tests::process::{Config, sink};
use serde_json::Value;

use super::checks::Checks;
use super::shell::Shell;
use super::stored::Stored;
use super::{chapter, say};

const RUNNER: &str = "etl-prod";
/// The secret's key, and a neighbour that is a secret too.
const SECRET_KEYS: &[&str] = &["client_secret", "db_password"];

struct World {
    issuer: Issuer,
    aws: Aws,
    etl: Etl,
    runner_id: String,
    old: Pair,
}

/// Tells it, with keyferry killed in the middle of its write if asked.
pub fn story(kill_in_write: bool) -> Result<()> {
    let world = World::start()?;
    world.introduce();
    let mut shell = Shell::new(&world.config()?)?;
    show_config(&shell)?;
    let before = world.stored()?;

    chapter("The sink asks, you approve");
    say(
        "The sink is sandboxed: it reaches what you approve here and nothing else, and it never sees",
    );
    say(
        "the secret or an AWS key. (`keyferry plugins inspect aws-ecs` shows the same and pins nothing.)\n",
    );
    shell.keyferry("plugins approve aws-ecs --yes")?;

    chapter("The plan: everything that can be known before anything is changed");
    shell.keyferry(&format!("plan {RUNNER}"))?;

    match kill_in_write {
        false => world.refresh(&mut shell)?,
        true => world.refresh_killed(&mut shell)?,
    }
    shell.keyferry("history")?;

    chapter("What is stored now");
    let after = world.stored()?;
    Stored::comparison(&before, &after)
        .into_iter()
        .for_each(say);
    say(format!(
        "\nThe whole, with its secrets as plain hashes (keyferry's own fingerprints are keyed):\n\n  {}",
        after.shown()
    ));

    chapter("Looked at from outside");
    world.checks(&shell, &before, &after)?.report()?;
    say("\nThe stand-ins have ended, and the folder is gone.");
    Ok(())
}

impl World {
    fn start() -> Result<Self> {
        let issuer = Issuer::start()?;
        let runner = RunnerSpec::fargate(RUNNER);
        let runner_id = runner.id.clone();
        let old = issuer.add_runner(runner);
        let aws = Aws::start_with(issuer.runner_hook())?;
        aws.set_rollout(Duration::from_millis(1500), Outcome::Complete);
        let etl = aws.seed_etl(&runner_id, &old.client_id, &old.client_secret);
        Ok(Self {
            issuer,
            aws,
            etl,
            runner_id,
            old,
        })
    }

    fn introduce(&self) {
        chapter("The world, on this machine only");
        say(format!(
            "Matillion, the issuer: a stand-in at {}",
            self.issuer.base_url()
        ));
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

    fn config(&self) -> Result<Config> {
        let drain = [("drain", Value::from("pause"))];
        let region = self.aws.region();
        Ok(Config::new(&self.issuer)
            .aws(&self.aws)
            .plugin("aws-ecs", &sink("aws-ecs")?)
            .etl(RUNNER, &self.runner_id, &region, &self.etl, &drain))
    }

    fn refresh(&self, shell: &mut Shell) -> Result<()> {
        chapter("The refresh");
        say(
            "The issuer makes a new secret and revokes the old one in the same instant. From here the",
        );
        say("only way is forward.\n");
        shell.keyferry(&format!("refresh {RUNNER} --yes"))
    }

    /// The first write is the rehearsal's; the second is answered so late that the moment to kill
    /// it is easy to meet.
    fn refresh_killed(&self, shell: &mut Shell) -> Result<()> {
        chapter("The refresh, killed while it stores the new secret");
        say(
            "The issuer makes a new secret and revokes the old one in the same instant. AWS is slow",
        );
        say("today, and in the middle of the write keyferry is ended with `kill -9`.\n");
        let put = Operation::PutSecretValue;
        self.aws.fail(put, Fault::Slow(Duration::ZERO));
        self.aws.fail(put, Fault::Slow(Duration::from_secs(60)));
        shell.killed(&format!("refresh {RUNNER} --yes"), || {
            self.aws.count(put) == 2
        })?;
        self.aws.clear_faults();
        say("\nThe runner is cut off, and the only copy of its new secret that keyferry has lies");
        say("encrypted in the journal.\n");
        shell.keyferry("status")?;
        chapter("The resume");
        shell.keyferry(&format!("resume {RUNNER}"))
    }

    fn stored(&self) -> Result<Stored<'static>> {
        let text = self.aws.secret_string(&self.etl.secret_id);
        Stored::new(text.context("Secrets Manager holds no text")?, SECRET_KEYS)
    }

    fn checks(&self, shell: &Shell, before: &Stored, after: &Stored) -> Result<Checks> {
        let mut checks = Checks::default();
        let runner = self.issuer.runner(&self.runner_id);
        let live = self.issuer.credential(&self.runner_id);
        checks.that(
            "the issuer made exactly one new secret",
            runner.refreshes == 1,
            || format!("it made {}", runner.refreshes),
        );
        checks.that(
            "the old secret is no more",
            live.client_secret != self.old.client_secret,
            || "it still is the live one".to_owned(),
        );
        checks.that(
            "AWS Secrets Manager holds the live secret",
            after.string("client_secret").as_ref() == Some(&live.client_secret),
            || "it holds another".to_owned(),
        );
        let changed = before.changed(after);
        checks.that(
            "every neighbour in it is as it was, byte for byte",
            changed == ["client_secret"],
            || format!("these changed: {}", changed.join(", ")),
        );
        checks.that(
            "the runner's two tasks are new ones",
            runner.starts == 2,
            || format!("{} were started", runner.starts),
        );
        checks.that(
            "the issuer sees the runner connected and running",
            runner.connected && runner.status() == "running",
            || format!("connected: {}, {}", runner.connected, runner.status()),
        );
        let secrets = [&self.old.client_secret, &live.client_secret].map(String::as_str);
        let said = [("the output above".to_owned(), shell.said().to_vec())];
        checks.no_secret("no secret was printed", &said, &secrets);
        let files = shell.workspace().files()?;
        checks.no_secret(
            "no file that keyferry left holds a secret in the clear",
            &files,
            &secrets,
        );
        Ok(checks)
    }
}

fn show_config(shell: &Shell) -> Result<()> {
    let path = shell.workspace().config_path();
    chapter("The config");
    say(format!("Written to {}, for this demo:\n", path.display()));
    let text = std::fs::read_to_string(&path)?;
    for line in text.trim_end().lines() {
        say(format!("  {line}").trim_end());
    }
    say(
        "\nThe routes lead to the stand-ins; without them keyferry would talk to AWS. The issuer's client",
    );
    say("secret and the AWS key come by the environment.");
    Ok(())
}
