//! The story itself, the same wherever the secret lives; what differs is asked of a `Scene`.

use anyhow::Result;
use keyferry_tests::issuer::{Issuer, Pair, RunnerSpec};
use keyferry_tests::process::{Config, sink};
use serde_json::{Value, json};

use super::checks::Checks;
use super::shell::Shell;
use super::{chapter, say};

/// The runner's name in the config and at the issuer.
pub const RUNNER: &str = "etl-prod";

/// Where a runner is installed and its secret lives, played on this machine.
pub trait Scene {
    /// What is kept there at one moment.
    type Kept;

    /// The issuer, and the runner's pair when the story began.
    fn matillion(&self) -> &Matillion;
    /// What it is called.
    fn words(&self) -> Words;
    /// Says what there is.
    fn introduce(&self);
    /// Adds the plugin's credential and routes, and the runner.
    fn configure(&self, config: Config) -> Result<Config>;
    /// What is kept now.
    fn kept(&self) -> Result<Self::Kept>;
    /// Shows what is kept, before and after, without a secret.
    fn show(&self, before: &Self::Kept, after: &Self::Kept);
    /// The runner's secret in it.
    fn held(&self, kept: &Self::Kept) -> Option<String>;
    /// What must hold here besides what holds everywhere.
    fn check(&self, checks: &mut Checks, before: &Self::Kept, after: &Self::Kept);
    /// Secrets besides the runner's, which must not be seen either.
    fn secrets(&self) -> Vec<String>;
    /// Makes the second write, which is the first after the rehearsal's, hang; so the moment to
    /// kill it is easy to meet.
    fn stall(&self);
    /// Whether that write has begun.
    fn stalled(&self) -> bool;
    /// Lets writes be quick again.
    fn recover(&self);
}

/// How a place is spoken of.
pub struct Words {
    /// The folder of its plugin, and its name in the config.
    pub plugin: &'static str,
    /// What holds the secret.
    pub place: &'static str,
    /// What is slow when a write hangs.
    pub cloud: &'static str,
    /// What the runner runs as, two of them.
    pub instances: &'static str,
    /// What the sink never sees besides the secret.
    pub key: &'static str,
    /// What the config leaves unsaid, in lines.
    pub config: &'static [&'static str],
}

/// The issuer's side.
pub struct Matillion {
    /// The issuer.
    pub issuer: Issuer,
    /// The runner's id.
    pub id: String,
    /// Its pair when the story began.
    pub old: Pair,
}

impl Matillion {
    /// With one runner.
    pub fn start(spec: impl FnOnce(&str) -> RunnerSpec) -> Result<Self> {
        let issuer = Issuer::start()?;
        let runner = spec(RUNNER);
        let id = runner.id.clone();
        let old = issuer.add_runner(runner);
        Ok(Self { issuer, id, old })
    }

    /// The runner in the config, paused while it is restarted.
    pub fn runner(&self, config: Config, plugin: &str, settings: Value) -> Config {
        config.runner(RUNNER, &self.id, plugin, settings, &[drain()])
    }
}

/// The runner's jobs end before it is restarted.
pub fn drain() -> (&'static str, Value) {
    ("drain", json!("pause"))
}

/// The plugin, with nothing but where it lies.
pub fn plugin(config: Config, name: &str) -> Result<Config> {
    Ok(config.plugin(name, &sink(name)?))
}

/// Tells it, with keyferry killed in the middle of its write if asked.
pub fn tell(scene: &impl Scene, kill_in_write: bool) -> Result<()> {
    let Words {
        plugin, key, cloud, ..
    } = scene.words();
    let matillion = scene.matillion();
    chapter("The world, on this machine only");
    say(format!(
        "Matillion, the issuer: a stand-in at {}",
        matillion.issuer.base_url()
    ));
    scene.introduce();

    let config = scene.configure(Config::new(&matillion.issuer))?;
    let mut shell = Shell::new(&config)?;
    show_config(&shell, scene.words().config)?;
    let (before, starts) = (scene.kept()?, matillion.issuer.runner(&matillion.id).starts);

    chapter("The sink asks, you approve");
    say(
        "The sink is sandboxed: it reaches what you approve here and nothing else, and it never sees",
    );
    say(format!(
        "the secret or {key}. (`keyferry plugins inspect {plugin}` shows the same and pins nothing.)\n"
    ));
    shell.keyferry(&format!("plugins approve {plugin} --yes"))?;

    chapter("The plan: everything that can be known before anything is changed");
    shell.keyferry(&format!("plan {RUNNER}"))?;

    match kill_in_write {
        false => refresh(&mut shell)?,
        true => refresh_killed(scene, cloud, &mut shell)?,
    }
    shell.keyferry("history")?;

    chapter("What is stored now");
    let after = scene.kept()?;
    scene.show(&before, &after);

    chapter("Looked at from outside");
    checks(scene, &shell, starts, (&before, &after))?.report()?;
    say("\nEverything that was started here has ended, and the folder is gone.");
    Ok(())
}

fn refresh(shell: &mut Shell) -> Result<()> {
    chapter("The refresh");
    say("The issuer makes a new secret and revokes the old one in the same instant. From here the");
    say("only way is forward.\n");
    shell.keyferry(&format!("refresh {RUNNER} --yes"))
}

fn refresh_killed(scene: &impl Scene, cloud: &str, shell: &mut Shell) -> Result<()> {
    chapter("The refresh, killed while it stores the new secret");
    say(format!(
        "The issuer makes a new secret and revokes the old one in the same instant. {cloud} is slow"
    ));
    say("today, and in the middle of the write keyferry is ended with `kill -9`.\n");
    scene.stall();
    shell.killed(&format!("refresh {RUNNER} --yes"), || scene.stalled())?;
    scene.recover();
    say("\nThe runner is cut off, and the only copy of its new secret that keyferry has lies");
    say("encrypted in the journal.\n");
    shell.keyferry("status")?;
    chapter("The resume");
    shell.keyferry(&format!("resume {RUNNER}"))
}

fn show_config(shell: &Shell, unsaid: &[&str]) -> Result<()> {
    let path = shell.workspace().config_path();
    chapter("The config");
    say(format!("Written to {}, for this demo:\n", path.display()));
    let text = std::fs::read_to_string(&path)?;
    for line in text.trim_end().lines() {
        say(format!("  {line}").trim_end());
    }
    say("");
    unsaid.iter().for_each(say);
    Ok(())
}

fn checks<S: Scene>(
    scene: &S,
    shell: &Shell,
    starts: u32,
    (before, after): (&S::Kept, &S::Kept),
) -> Result<Checks> {
    let mut checks = Checks::default();
    let Matillion { issuer, id, old } = scene.matillion();
    let Words {
        place, instances, ..
    } = scene.words();
    let (runner, live) = (issuer.runner(id), issuer.credential(id));
    checks.that(
        "the issuer made exactly one new secret",
        runner.refreshes == 1,
        || format!("it made {}", runner.refreshes),
    );
    checks.that(
        "the old secret is no more",
        live.client_secret != old.client_secret,
        || "it still is the live one".to_owned(),
    );
    checks.that(
        &format!("{place} holds the live secret"),
        scene.held(after).as_ref() == Some(&live.client_secret),
        || "it holds another".to_owned(),
    );
    scene.check(&mut checks, before, after);
    let started = runner.starts.saturating_sub(starts);
    checks.that(
        &format!("the runner's two {instances} are new ones"),
        started == 2,
        || format!("{started} were started"),
    );
    checks.that(
        "the issuer sees the runner connected and running",
        runner.connected && runner.status() == "running",
        || format!("connected: {}, {}", runner.connected, runner.status()),
    );
    let more = scene.secrets();
    let secrets: Vec<&str> = [&old.client_secret, &live.client_secret]
        .into_iter()
        .chain(&more)
        .map(String::as_str)
        .collect();
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
