//! moto, AWS as others understand it: a judge that nobody here wrote. It shows that the right
//! calls are made and signed; a rollout over time it can't play.

pub mod boto;
pub mod venv;

use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use crate::aws::Etl;
use crate::aws::sigv4::Keys;
use crate::client;
use crate::peer::peer_unavailable;
use crate::process::{Run, Running};
use boto::{Boto, Call};
use venv::Venv;

const REGION: &str = "eu-west-1";

/// A running moto server; it ends when this is dropped.
pub struct Moto {
    server: Running,
    origin: String,
    venv: Venv,
    keys: Keys,
}

impl Moto {
    /// Starts a server, or says that moto can't be had here.
    ///
    /// # Panics
    /// If it can be had and doesn't start, or can't be had where `CI` is `true`.
    pub fn start_or_skip() -> Option<Self> {
        match Venv::prepare() {
            Ok(venv) => Some(Self::start(venv).expect("moto is installed and must start")),
            Err(why) => {
                peer_unavailable("moto", format!("{why:#}"));
                None
            }
        }
    }

    /// Starts a server on a free port of 127.0.0.1 and waits until it answers.
    pub fn start(venv: Venv) -> anyhow::Result<Self> {
        let mut server = Run::new(venv.program("moto_server"))
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env("MOTO_ECS_SERVICE_RUNNING", "2")
            // Rights are checked only after `enforce_rights`.
            .env("INITIAL_NO_AUTH_ACTION_COUNT", "1000000000")
            .env("HOME", venv.path())
            .timeout(Duration::from_secs(60))
            .start()?;
        let mut origin = None;
        server.wait_until(|server| {
            origin = origin.take().or_else(|| announced(&server.stderr_so_far()));
            let url = origin
                .as_ref()
                .map(|origin| format!("{origin}/moto-api/data.json"));
            url.is_some_and(|url| {
                client::send("GET", &url, &[], b"").is_ok_and(|a| a.status == 200)
            })
        })?;
        let origin = origin.context("moto answered at an address that it never announced")?;
        let testing = || "testing".to_owned();
        let keys = Keys {
            id: testing(),
            secret: testing(),
            session_token: None,
        };
        Ok(Self {
            server,
            origin,
            venv,
            keys,
        })
    }

    /// Where it listens.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The region in which everything is created.
    pub fn region(&self) -> &'static str {
        REGION
    }

    /// The key that may do everything.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.server.id()
    }

    /// The virtual environment: boto3 and awscli are in it too.
    pub fn venv(&self) -> &Venv {
        &self.venv
    }

    /// boto3 against this server, with the key that may do everything.
    pub fn boto(&self) -> Boto<'_> {
        Boto {
            venv: &self.venv,
            origin: &self.origin,
            region: REGION,
            keys: &self.keys,
        }
    }

    /// Creates a runner's installation through boto3.
    pub fn seed_etl(&self, runner_id: &str, id: &str, secret: &str) -> anyhow::Result<Etl> {
        let answer = self.boto().script(
            "seed",
            &json!({ "runner_id": runner_id, "client_id": id, "client_secret": secret }),
        )?;
        let text = |name: &str| {
            answer[name]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("no {name}"))
        };
        Ok(Etl {
            cluster: text("cluster")?,
            service: text("service")?,
            secret_id: text("secret_id")?,
            secret_arn: text("secret_arn")?,
            task_definition: text("task_definition")?,
        })
    }

    /// What `AWSCURRENT` holds, read through boto3.
    pub fn secret_string(&self, secret_id: &str) -> anyhow::Result<String> {
        let answer = self.boto().call(Call {
            service: "secretsmanager",
            method: "get_secret_value",
            arguments: json!({ "SecretId": secret_id }),
        })?;
        answer["SecretString"]
            .as_str()
            .map(str::to_owned)
            .context("no SecretString")
    }

    /// The version ids and their stages, read through boto3.
    pub fn versions(&self, secret_id: &str) -> anyhow::Result<Value> {
        let answer = self.boto().call(Call {
            service: "secretsmanager",
            method: "list_secret_version_ids",
            arguments: json!({ "SecretId": secret_id }),
        })?;
        Ok(answer["Versions"].clone())
    }

    /// The service, read through boto3.
    pub fn service(&self, etl: &Etl) -> anyhow::Result<Value> {
        let answer = self.boto().call(Call {
            service: "ecs",
            method: "describe_services",
            arguments: json!({ "cluster": etl.cluster, "services": [etl.service] }),
        })?;
        Ok(answer["services"][0].clone())
    }

    /// From now on every signature and every right is checked. Returns the key of a user who may
    /// do what `policy`, an IAM document, allows.
    pub fn enforce_rights(&mut self, policy: &Value) -> anyhow::Result<Keys> {
        let answer = self.boto().script("rights", &json!({ "policy": policy }))?;
        let keys = |name: &str| -> anyhow::Result<Keys> {
            let part = |part: &str| answer[name][part].as_str().map(str::to_owned);
            Ok(Keys {
                id: part("id").with_context(|| format!("no key of {name}"))?,
                secret: part("secret").with_context(|| format!("no secret of {name}"))?,
                session_token: None,
            })
        };
        let (admin, limited) = (keys("admin")?, keys("limited")?);
        let url = format!("{}/moto-api/reset-auth", self.origin);
        let text = [("content-type".to_owned(), "text/plain".to_owned())];
        let answer = client::send("POST", &url, &text, b"0")?;
        anyhow::ensure!(
            answer.status == 200,
            "reset-auth was answered with {}",
            answer.status
        );
        self.keys = admin;
        Ok(limited)
    }
}

fn announced(stderr: &str) -> Option<String> {
    let start = stderr.find("http://127.0.0.1:")?;
    let line = stderr[start..].split_once('\n')?.0;
    line.split_whitespace().next().map(str::to_owned)
}
