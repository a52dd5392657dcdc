//! A runner installed by helm: a namespace of its own, a copy of the chart, a values file, and the
//! release that was made with both.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::api::Api;
use super::cluster::{Cluster, User};
use super::controller::{Controller, decoded};
use super::rollout::Rollout;
use super::shim::Shims;
use super::tools::{Helm, Tools};
use crate::instance::OnStart;
pub use crate::issuer::Pair;
use crate::process::{Outcome, Run, project_root};

const RELEASE: &str = "matillion-agent";

/// What is installed.
pub struct Chart {
    /// The text of the values file; nothing but the credential and the runner's id in it matters.
    pub values: String,
    /// More arguments of `helm install`.
    pub set: Vec<String>,
}

/// An installed runner. Its pods end with it; the namespace ends with the cluster.
pub struct Installation {
    controller: Controller,
    cluster: Arc<Cluster>,
    shims: Shims,
    tools: Tools,
    folder: TempDir,
    namespace: String,
}

/// The values file that the fixtures hold, with this runner and pair in it.
///
/// # Panics
/// If the fixture can't be read.
pub fn values(runner_id: &str, pair: &Pair) -> String {
    let path = fixtures().join("values-gcp.yaml");
    let text = fs::read_to_string(path).expect("the fixture");
    text.replace("\"your-matillion-agent-id\"", &quoted(runner_id))
        .replace("\"your-oauth-client-id\"", &quoted(&pair.client_id))
        .replace("\"your-oauth-client-secret\"", &quoted(&pair.client_secret))
}

/// A text as a double-quoted scalar, in the escapes that leave nothing to a parser's taste.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c == ' ' || (c.is_ascii_graphic() && c != '"' && c != '\\');
    let inner: String = text
        .chars()
        .map(|c| {
            if plain(c) {
                c.to_string()
            } else {
                format!("\\U{:08x}", u32::from(c))
            }
        })
        .collect();
    format!("\"{inner}\"")
}

impl Installation {
    /// Installs the release and waits until its pods run.
    pub fn new(
        cluster: Arc<Cluster>,
        helm: Helm,
        chart: &Chart,
        on_start: OnStart,
    ) -> anyhow::Result<Self> {
        let tools = Tools::prepare(helm)?;
        let folder = TempDir::with_prefix("keyferry-helm-")?;
        copy(&fixtures().join("runner"), &folder.path().join("runner"))?;
        let namespace = format!("etl-{}", uuid::Uuid::new_v4().simple());
        let installed = Self {
            controller: Controller::start(cluster.api().clone(), &namespace, on_start),
            shims: Shims::new(&tools)?,
            cluster,
            tools,
            folder,
            namespace,
        };
        fs::create_dir(installed.folder.path().join("values"))?;
        installed.write_values(&chart.values)?;
        let (folder, file) = (installed.chart(), installed.values_path());
        let arguments = [
            "install",
            RELEASE,
            &path(&folder),
            "--create-namespace",
            "--values",
            &path(&file),
        ];
        let set: Vec<&str> = chart.set.iter().map(String::as_str).collect();
        installed.helm(&[&arguments[..], &set].concat())?;
        installed.wait_for_pods()?;
        Ok(installed)
    }

    /// The sink's settings that fit.
    pub fn settings(&self) -> Value {
        json!({
            "chart": self.chart(),
            "values": self.values_path(),
            "namespace": self.namespace,
        })
    }

    /// The chart's folder.
    pub fn chart(&self) -> PathBuf {
        self.folder.path().join("runner")
    }

    /// The folder that an operator opens for the sink.
    pub fn values_folder(&self) -> PathBuf {
        self.folder.path().join("values")
    }

    /// The values file.
    pub fn values_path(&self) -> PathBuf {
        self.values_folder().join("values-gcp.yaml")
    }

    /// What the values file holds.
    ///
    /// # Panics
    /// If it can't be read.
    pub fn values_text(&self) -> String {
        fs::read_to_string(self.values_path()).expect("a values file")
    }

    /// Writes the values file, as an operator would.
    pub fn write_values(&self, text: &str) -> anyhow::Result<()> {
        Ok(fs::write(self.values_path(), text)?)
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The API, with every right.
    pub fn api(&self) -> &Api {
        self.cluster.api()
    }

    /// The kubeconfig of a user.
    pub fn kubeconfig(&self, user: User) -> PathBuf {
        self.cluster.kubeconfig(user)
    }

    /// What stands in front of helm and kubectl.
    pub fn shims(&self) -> &Shims {
        &self.shims
    }

    /// How rollouts go from now on.
    pub fn set_rollout(&self, rollout: Rollout) {
        self.controller.set(rollout);
    }

    /// Runs the real helm in this namespace.
    pub fn helm(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let outcome = self.run("helm", arguments)?;
        ensure!(
            outcome.code == Some(0),
            "helm {}: {}",
            arguments.join(" "),
            outcome.stderr
        );
        Ok(outcome.stdout)
    }

    /// Runs one of the real programs in this namespace, to whatever end.
    pub fn run(&self, program: &str, arguments: &[&str]) -> anyhow::Result<Outcome> {
        Run::new(self.tools.program(program))
            .args(arguments)
            .args(["--namespace", &self.namespace])
            .env("KUBECONFIG", self.kubeconfig(User::Admin))
            .env("HOME", self.folder.path())
            .finish()
    }

    /// The release's values.
    pub fn released(&self) -> anyhow::Result<Value> {
        let text = self.helm(&["get", "values", RELEASE, "--output", "json"])?;
        serde_json::from_str(&text).context("no JSON")
    }

    /// The number of the release's latest revision, and its state.
    pub fn revision(&self) -> anyhow::Result<(u64, String)> {
        let text = self.helm(&["history", RELEASE, "--max", "1", "--output", "json"])?;
        let history: Value = serde_json::from_str(&text)?;
        let number = history[0]["revision"].as_u64().context("no revision")?;
        let status = history[0]["status"].as_str().context("no status")?;
        Ok((number, status.to_owned()))
    }

    /// The pair in the Secret that the pods read.
    pub fn stored(&self) -> anyhow::Result<Pair> {
        let path = format!(
            "/api/v1/namespaces/{}/secrets/{RELEASE}-matillion-runner-config",
            self.namespace
        );
        let data = self.api().get(&path)?["data"].clone();
        let one = |name: &str| decoded(&data[name]).with_context(|| format!("no {name}"));
        Ok(Pair::new(
            &one("OAUTH_CLIENT_ID")?,
            &one("OAUTH_CLIENT_SECRET")?,
        ))
    }

    /// The Deployment that runs the runner.
    pub fn deployment(&self) -> anyhow::Result<Value> {
        self.api().get(&self.deployment_path())
    }

    /// Changes the Deployment.
    pub fn change_deployment(&self, change: &Value) -> anyhow::Result<Value> {
        self.api().patch(&self.deployment_path(), change)
    }

    fn deployment_path(&self) -> String {
        let namespace = &self.namespace;
        format!("/apis/apps/v1/namespaces/{namespace}/deployments/{RELEASE}-matillion-runner-app")
    }

    /// Names of the pods that were not told to end.
    pub fn pods(&self) -> anyhow::Result<Vec<String>> {
        let list = self
            .api()
            .get(&format!("/api/v1/namespaces/{}/pods", self.namespace))?;
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let stay = items
            .iter()
            .filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        Ok(stay
            .filter_map(|pod| pod["metadata"]["name"].as_str())
            .map(str::to_owned)
            .collect())
    }

    /// Lets the limited user do this in the namespace; the rules of a Role.
    pub fn allow(&self, rules: &Value) -> anyhow::Result<()> {
        let of = |kind: &str| {
            format!(
                "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/{kind}",
                self.namespace
            )
        };
        let role = json!({ "metadata": { "name": "limited" }, "rules": rules });
        self.api().post(&of("roles"), &role)?;
        let group = "rbac.authorization.k8s.io";
        let binding = json!({
            "metadata": { "name": "limited" },
            "roleRef": { "apiGroup": group, "kind": "Role", "name": "limited" },
            "subjects": [{ "apiGroup": group, "kind": "User", "name": User::Limited.name() }],
        });
        self.api().post(&of("rolebindings"), &binding)?;
        Ok(())
    }

    fn wait_for_pods(&self) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs(30);
        while self.deployment()?["status"]["availableReplicas"] != json!(2) {
            ensure!(Instant::now() < end, "the installed pods never ran");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

fn fixtures() -> PathBuf {
    project_root().join("tests/fixtures/helm")
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => drop(fs::copy(entry.path(), target)?),
        }
    }
    Ok(())
}
