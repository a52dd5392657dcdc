//! One moto with its forwarder, one issuer, one runner, and a folder for each way to run keyferry.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use keyferry_tests::aws::Etl;
use keyferry_tests::issuer::{Endpoint, Issuer, RunnerSpec};
use keyferry_tests::moto::Moto;
use keyferry_tests::moto::boto::Call;
use keyferry_tests::moto::venv::Venv;
use keyferry_tests::process::{Config, sink};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::contender::{Contender, Programs};
use super::forward::{Forward, Seen};
use super::measure::{self, Usage};
use super::sample::Sample;

const RUNNER: &str = "etl-prod";
/// What boto3 and awscli write: a secret of their own, so that the runner's stays what it is.
const PEERS: &str = "bench-peers";
const AWSCLI: &str = "aws secretsmanager put-secret-value --secret-id \"$SECRET_ID\" \
     --secret-string \"file://$VALUE_FILE\" >/dev/null && \
     aws ecs update-service --cluster \"$CLUSTER\" --service \"$SERVICE\" \
     --force-new-deployment >/dev/null";

/// Everything that a row runs against.
pub struct World {
    /// The issuer's stand-in.
    pub issuer: Issuer,
    /// Before moto.
    pub forward: Forward,
    moto: Moto,
    etl: Etl,
    runner_id: String,
    folder: TempDir,
}

impl World {
    /// Starts and seeds it, and approves the sink.
    pub fn start(root: &Path, programs: &Programs) -> Result<Self> {
        let moto = Moto::start(Venv::prepare().context("moto can't be had here")?)?;
        let issuer = Issuer::start()?;
        // No container starts at moto, so the runner stays as it is: connected.
        issuer.configure(|behaviour| behaviour.disconnect_delay = Duration::MAX);
        let runner = RunnerSpec::fargate(RUNNER);
        let runner_id = runner.id.clone();
        let pair = issuer.add_runner(runner);
        let etl = moto.seed_etl(&runner_id, &pair.client_id, &pair.client_secret)?;
        moto.boto().call(Call {
            service: "secretsmanager",
            method: "create_secret",
            arguments: json!({ "Name": PEERS, "SecretString": "first" }),
        })?;
        let forward = Forward::start(moto.origin())?;
        // Below the target folder: a temporary folder may lie in memory, and a journal doesn't.
        let bench = root.join("target/bench");
        std::fs::create_dir_all(&bench)?;
        let world = Self {
            issuer,
            forward,
            moto,
            etl,
            runner_id,
            folder: TempDir::new_in(bench)?,
        };
        world.prepare(programs)?;
        Ok(world)
    }

    /// Every row once.
    pub fn contenders(&self) -> [Contender; 7] {
        Contender::ALL
    }

    /// Runs a row once.
    pub fn measure(&self, programs: &Programs, contender: Contender) -> Result<Sample> {
        self.forward.take();
        let before = self.issuer.refreshes(&self.runner_id);
        let (usage, said) = self.run(programs, contender)?;
        let made = self.issuer.refreshes(&self.runner_id) - before;
        ensure!(
            made == u32::from(contender.refreshes()),
            "the issuer counted {made} refreshes"
        );
        let seen = self.forward.take();
        let restarted = seen
            .iter()
            .rev()
            .find(|(_, target)| target == "UpdateService");
        ensure!(
            restarted.is_some() || contender == Contender::Help,
            "moto saw no UpdateService"
        );
        let mut window = None;
        if contender.refreshes() {
            let answers = self.issuer.requests_to(Endpoint::RefreshCredential);
            let answered = answers.last().and_then(|exchange| exchange.answered);
            window = answered
                .zip(restarted)
                .map(|(answered, (restarted, _))| restarted.duration_since(answered));
        }
        Ok(Sample {
            usage,
            window,
            journal: journal(&said),
        })
    }

    /// Runs a row once and returns what it asked the two servers for, in the order of each.
    pub fn requests(&self, programs: &Programs, contender: Contender) -> Result<Requests> {
        self.forward.take();
        let before = self.issuer.requests().len();
        self.run(programs, contender)?;
        let issuer = self.issuer.requests().split_off(before);
        let line = |exchange: &keyferry_tests::server::Exchange| {
            format!("{} {}", exchange.method, exchange.path)
        };
        Ok(Requests {
            issuer: issuer.iter().map(line).collect(),
            aws: self
                .forward
                .take()
                .into_iter()
                .map(|seen: Seen| seen.1)
                .collect(),
        })
    }

    fn run(&self, programs: &Programs, contender: Contender) -> Result<(Usage, String)> {
        let venv = |name: &str| self.moto.venv().program(name);
        let refresh = ["refresh", RUNNER, "--yes", "--output", "json"];
        let (program, arguments): (PathBuf, Vec<&str>) = match contender {
            Contender::Keyferry | Contender::KeyferryBare => {
                (programs.keyferry.clone(), refresh.to_vec())
            }
            Contender::Native => (programs.native.clone(), vec!["--rehearse"]),
            Contender::NativeBare => (programs.native.clone(), vec![]),
            Contender::Boto => (venv("python"), vec!["-c", include_str!("two_calls.py")]),
            Contender::Awscli => ("sh".into(), vec!["-c", AWSCLI]),
            Contender::Help => (programs.keyferry.clone(), vec!["--help"]),
        };
        let environment = self.environment(contender)?;
        measure::measure(
            &programs.measure,
            self.folder.path(),
            &program,
            &arguments,
            &environment,
        )
    }

    fn environment(&self, contender: Contender) -> Result<Vec<(String, String)>> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let keys = self.moto.keys();
        let api = self.issuer.api_credential();
        let mut all = vec![
            ("HOME", path("home")),
            ("AWS_ACCESS_KEY_ID", keys.id.clone()),
            ("AWS_SECRET_ACCESS_KEY", keys.secret.clone()),
            ("AWS_REGION", self.moto.region().to_owned()),
            ("AWS_DEFAULT_REGION", self.moto.region().to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("CLUSTER", self.etl.cluster.clone()),
            ("SERVICE", self.etl.service.clone()),
        ];
        match contender {
            Contender::Keyferry | Contender::KeyferryBare | Contender::Help => {
                let name = folder_of(contender);
                all.extend([
                    ("KEYFERRY_CONFIG", path(&format!("{name}/keyferry.toml"))),
                    ("KEYFERRY_STATE_DIR", path(&format!("{name}/state"))),
                    ("MATILLION_CLIENT_SECRET", api.client_secret),
                ]);
            }
            Contender::Native | Contender::NativeBare => all.extend([
                ("AWS_ORIGIN", self.forward.origin()),
                ("BASE_URL", self.issuer.base_url()),
                ("TOKEN_URL", self.issuer.token_url()),
                ("CLIENT_ID", api.client_id),
                ("MATILLION_CLIENT_SECRET", api.client_secret),
                ("RUNNER_ID", self.runner_id.clone()),
                ("SECRET_ID", self.etl.secret_id.clone()),
                ("TASK_DEFINITION", self.etl.task_definition.clone()),
            ]),
            Contender::Boto | Contender::Awscli => {
                let value = self.folder.path().join("value");
                let fresh = tempfile::Builder::new()
                    .rand_bytes(32)
                    .tempfile_in(&self.folder)?;
                std::fs::write(&value, fresh.path().display().to_string())?;
                let bin = self.moto.venv().path().join("bin").display().to_string();
                let inherited = std::env::var("PATH").unwrap_or_default();
                all.extend([
                    ("AWS_ENDPOINT_URL", self.forward.origin()),
                    ("SECRET_ID", PEERS.to_owned()),
                    ("VALUE_FILE", value.display().to_string()),
                    ("PATH", format!("{bin}:{inherited}")),
                ]);
            }
        }
        Ok(all
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect())
    }

    /// Writes the configs and approves the sink in each.
    fn prepare(&self, programs: &Programs) -> Result<()> {
        std::fs::create_dir(self.folder.path().join("home"))?;
        for contender in [Contender::Keyferry, Contender::KeyferryBare] {
            let folder = self.folder.path().join(folder_of(contender));
            std::fs::create_dir(&folder)?;
            let rehearse = [("rehearse", Value::from(contender == Contender::Keyferry))];
            let region = self.moto.region();
            let config = Config::new(&self.issuer)
                .aws_at(region, &self.forward.origin())
                .plugin("aws-ecs", &sink("aws-ecs")?)
                .etl(RUNNER, &self.runner_id, region, &self.etl, &rehearse);
            std::fs::write(folder.join("keyferry.toml"), config.text())?;
            let approve = ["plugins", "approve", "aws-ecs", "--yes"];
            measure::measure(
                &programs.measure,
                self.folder.path(),
                &programs.keyferry,
                &approve,
                &self.environment(contender)?,
            )?;
        }
        Ok(())
    }
}

/// What was asked of each server, in the order in which it came.
pub struct Requests {
    /// Method and path.
    pub issuer: Vec<String>,
    /// Operations.
    pub aws: Vec<String>,
}

fn folder_of(contender: Contender) -> &'static str {
    match contender {
        Contender::KeyferryBare => "bare",
        _ => "whole",
    }
}

/// The journal's share, as keyferry's own report has it.
fn journal(said: &str) -> Option<Duration> {
    let report: Value = serde_json::from_str(said).ok()?;
    let ms = report["timings_ms"]["journal"].as_f64()?;
    Duration::try_from_secs_f64(ms / 1000.0).ok()
}
