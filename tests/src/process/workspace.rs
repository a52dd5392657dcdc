//! A folder with a `keyferry.toml` and a state directory, and the program run there with nothing
//! of the machine's own configuration.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;
use tempfile::TempDir;

use super::find::keyferry_binary;
use super::run::Run;
use crate::aws::{Aws, Etl};
use crate::issuer::Issuer;

const SECRET_VARIABLE: &str = "MATILLION_CLIENT_SECRET";

/// The text of a `keyferry.toml`, part by part.
#[derive(Clone, Default)]
pub struct Config {
    text: String,
    environment: Vec<(String, String)>,
}

impl Config {
    /// With the issuer's addresses and API credential; its secret comes by environment.
    pub fn new(issuer: &Issuer) -> Self {
        let api = issuer.api_credential();
        let mut config = Self::default().part(
            "[matillion]",
            &[
                ("base_url", issuer.base_url().into()),
                ("token_url", issuer.token_url().into()),
                ("client_id", api.client_id.into()),
                (
                    "client_secret",
                    serde_json::json!({ "env": SECRET_VARIABLE }),
                ),
            ],
        );
        config
            .environment
            .push((SECRET_VARIABLE.to_owned(), api.client_secret));
        config
    }

    /// Adds `[auth.aws]`, routes for both services to the stand-in, and the environment in which
    /// the default chain finds its key.
    pub fn aws(self, aws: &Aws) -> Self {
        let mut config = self.aws_at(&aws.region(), &aws.origin());
        config.environment.extend(aws.environment());
        config
    }

    /// Adds `[auth.aws]` and routes for both services of a region to `origin`.
    pub fn aws_at(self, region: &str, origin: &str) -> Self {
        let host = |service: &str| format!("https://{service}.{region}.amazonaws.com");
        self.part("[auth.aws]", &[("kind", "aws".into())])
            .route(&host("secretsmanager"), origin)
            .route(&host("ecs"), origin)
    }

    /// Adds a route.
    pub fn route(self, from: &str, to: &str) -> Self {
        self.part("[[routes]]", &[("from", from.into()), ("to", to.into())])
    }

    /// Adds a plugin.
    pub fn plugin(self, name: &str, component: &Path) -> Self {
        let path = component.display().to_string();
        self.part(&format!("[plugins.{name}]"), &[("path", path.into())])
    }

    /// Adds a runner of the `aws-ecs` sink; `more` are keys besides id, plugin and settings.
    pub fn etl(
        self,
        name: &str,
        id: &str,
        region: &str,
        etl: &Etl,
        more: &[(&str, Value)],
    ) -> Self {
        let settings = serde_json::json!({
            "region": region,
            "cluster": etl.cluster,
            "service": etl.service,
            "secret_id": etl.secret_id,
        });
        self.runner(name, id, "aws-ecs", settings, more)
    }

    /// Adds a runner.
    pub fn runner(
        self,
        name: &str,
        id: &str,
        plugin: &str,
        settings: Value,
        more: &[(&str, Value)],
    ) -> Self {
        let mut keys = vec![
            ("id", id.into()),
            ("plugin", plugin.into()),
            ("settings", settings),
        ];
        keys.extend(more.iter().cloned());
        self.part(&format!("[runners.{name}]"), &keys)
    }

    /// Adds a table; objects become inline tables, `null` is left out.
    pub fn part(mut self, header: &str, keys: &[(&str, Value)]) -> Self {
        self.text += &format!("{header}\n");
        for (key, value) in keys.iter().filter(|(_, value)| !value.is_null()) {
            self.text += &format!("{key} = {}\n", toml(value));
        }
        self.text.push('\n');
        self
    }

    /// Adds text as it is.
    pub fn raw(mut self, text: &str) -> Self {
        self.text += text;
        self
    }

    /// The same with other text.
    pub fn replaced(self, text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..self
        }
    }

    /// Sets a variable in the environment of the program; an earlier value is lost.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The text so far.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// JSON's strings are TOML's too, but for DEL, which no test uses.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!(
                "[{}]",
                items.iter().map(toml).collect::<Vec<_>>().join(", ")
            )
        }
        Value::Object(members) => {
            let pair = |(key, value): (&String, &Value)| {
                format!("{} = {}", Value::from(key.as_str()), toml(value))
            };
            let members = members.iter().filter(|(_, value)| !value.is_null());
            format!("{{ {} }}", members.map(pair).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// A temporary folder for one test.
pub struct Workspace {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Workspace {
    /// A new folder that holds this config.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("keyferry-test-")?;
        fs::create_dir(folder.path().join("home"))?;
        let mut workspace = Self {
            folder,
            environment: Vec::new(),
        };
        workspace.rewrite(config)?;
        Ok(workspace)
    }

    /// Replaces the config; lock file and state stay.
    pub fn rewrite(&mut self, config: &Config) -> anyhow::Result<()> {
        fs::write(self.config_path(), &config.text)?;
        self.environment.clone_from(&config.environment);
        Ok(())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The config file.
    pub fn config_path(&self) -> PathBuf {
        self.path().join("keyferry.toml")
    }

    /// The state directory.
    pub fn state_path(&self) -> PathBuf {
        self.path().join("state")
    }

    /// The program with these arguments, in this folder.
    pub fn keyferry(&self, arguments: &[&str]) -> anyhow::Result<Run> {
        let home = self.path().join("home");
        let mut run = Run::new(keyferry_binary()?)
            .args(arguments)
            .directory(self.path())
            .env("KEYFERRY_CONFIG", self.config_path())
            .env("KEYFERRY_STATE_DIR", self.state_path())
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("HOME", home);
        for (name, value) in &self.environment {
            run = run.env(name, value);
        }
        Ok(run)
    }

    /// Every file below the folder, by its path in it: to be searched for secrets.
    pub fn files(&self) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let mut found = Vec::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else if entry.file_type()?.is_file() {
                    let path = entry.path();
                    let bytes = fs::read(&path)
                        .with_context(|| format!("can't read {}", path.display()))?;
                    let name = path.strip_prefix(self.path())?.display().to_string();
                    found.push((name, bytes));
                }
            }
        }
        Ok(found)
    }
}
