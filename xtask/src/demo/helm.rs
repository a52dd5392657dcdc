//! A runner installed by helm, whose secret is one value of a values file. Helm, kubectl, the API
//! server and its etcd are the real ones; only the nodes that would run pods are played.

use std::time::Duration;

use anyhow::{Context, Result};
use keyferry_tests::helm::{Chart, Cluster, Fault, Helm, Installation, Rollout, User, values};
use keyferry_tests::issuer::RunnerSpec;
use keyferry_tests::process::{Config, sink};
use serde_json::json;

use super::checks::Checks;
use super::lines;
use super::stored::Stored;
use super::story::{Matillion, RUNNER, Scene, Words};
use super::{chapter, say};

const RELEASED: &str = "release: config.oauthClientSecret";
const READ: &str = "Secret: OAUTH_CLIENT_SECRET";

/// A release in a cluster.
pub struct ByHelm {
    matillion: Matillion,
    installed: Installation,
}

/// The secret in its three places.
pub struct Kept {
    file: String,
    cluster: Stored,
}

impl ByHelm {
    /// Starts the cluster and installs the release.
    pub fn start() -> Result<Self> {
        chapter("The cluster");
        say(
            "A real API server of Kubernetes with its etcd, and the real helm and kubectl. Seconds; the",
        );
        say("first time they are built and fetched, which takes many minutes.");
        let cluster = Cluster::shared_or_skip().context(
            "no cluster can be had here, and this demo needs one; the line above says why",
        )?;
        let matillion = Matillion::start(|name| RunnerSpec::on(name, "gcp", "gke"))?;
        let chart = Chart {
            values: values(&matillion.id, &matillion.old),
            set: Vec::new(),
        };
        let hook = matillion.issuer.runner_hook();
        let installed = Installation::new(cluster, Helm::Three, &chart, hook)?;
        installed.set_rollout(Rollout {
            duration: Duration::from_millis(1500),
            ..Rollout::default()
        });
        Ok(Self {
            matillion,
            installed,
        })
    }
}

impl Scene for ByHelm {
    type Kept = Kept;

    fn matillion(&self) -> &Matillion {
        &self.matillion
    }

    fn words(&self) -> Words {
        Words {
            plugin: "helm",
            place: "the Secret in the cluster",
            cloud: "The cluster",
            instances: "pods",
            key: "a key of the cluster",
            config: &[
                "The sink may write in one folder and call helm and kubectl, which find the cluster by KUBECONFIG.",
                "The issuer's client secret comes by the environment.",
            ],
        }
    }

    fn introduce(&self) {
        say("Kubernetes:            a real API server; its nodes are played");
        say(format!(
            "\nThe runner {RUNNER} is connected. Helm installed it in the namespace"
        ));
        say(format!(
            "`{}`; its client secret is one value in a",
            self.installed.namespace()
        ));
        say(format!(
            "values file of {} lines, of which the others must stay as they are.",
            self.installed.values_text().lines().count()
        ));
    }

    fn configure(&self, config: Config) -> Result<Config> {
        let shims = self.installed.shims().folder().display();
        let path = std::env::var("PATH").context("there is no PATH")?;
        let kubeconfig = self.installed.kubeconfig(User::Admin);
        let keys = [
            ("path", json!(sink("helm")?)),
            ("folders", json!([self.installed.values_folder()])),
            ("environment", json!(["PATH", "HOME", "KUBECONFIG"])),
        ];
        let config = config
            .part("[plugins.helm]", &keys)
            .env("PATH", &format!("{shims}:{path}"))
            .env("KUBECONFIG", &kubeconfig.display().to_string());
        let settings = self.installed.settings();
        Ok(self.matillion.runner(config, "helm", settings))
    }

    fn kept(&self) -> Result<Kept> {
        let pair = self.installed.stored()?;
        let released = self.installed.released()?;
        let cluster = json!({
            RELEASED: released["config"]["oauthClientSecret"],
            "Secret: OAUTH_CLIENT_ID": pair.client_id,
            READ: pair.client_secret,
        });
        Ok(Kept {
            file: self.installed.values_text(),
            cluster: Stored::new(cluster.to_string(), &[RELEASED, READ])?,
        })
    }

    fn show(&self, before: &Kept, after: &Kept) {
        say(
            "In the values file, as plain hashes what stands between the quotes, escapes and all:\n",
        );
        for line in lines::shown("values-gcp.yaml", &before.file, &after.file) {
            say(format!("  {line}"));
        }
        say("\nIn the cluster, where the pods read it:\n");
        Stored::comparison(&before.cluster, &after.cluster)
            .into_iter()
            .for_each(say);
    }

    fn held(&self, kept: &Kept) -> Option<String> {
        kept.cluster.string(READ)
    }

    fn check(&self, checks: &mut Checks, before: &Kept, after: &Kept) {
        let live = self.matillion.issuer.credential(&self.matillion.id);
        checks.that(
            "the release, which was upgraded with the values file, holds it too",
            after.cluster.string(RELEASED).as_ref() == Some(&live.client_secret),
            || "it holds another".to_owned(),
        );
        checks.that(
            "the values file differs in one line, and there between the quotes alone",
            lines::one_value_differs(&before.file, &after.file),
            || format!("{:?}", lines::difference(&before.file, &after.file)),
        );
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    /// Once the first upgrade begins, the fault of the second is laid out for it.
    fn stall(&self) {
        let next = "echo 'sleep 20; exit 1' > \"$fault\"".to_owned();
        let shims = self.installed.shims();
        shims.fail("helm-upgrade", &Fault::After(next));
    }

    fn stalled(&self) -> bool {
        self.installed.shims().count("helm upgrade") == 2
    }

    fn recover(&self) {}
}
