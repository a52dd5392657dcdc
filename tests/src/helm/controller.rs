//! What a cluster's controllers and nodes would do for the Deployments of one namespace: a template
//! that changed gets a ReplicaSet and pods, the new pods get ready one after the other, the old
//! ones drain, and the Deployment's status tells of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use super::api::Api;
use super::rollout::{Outcome, Rollout};
use crate::instance::{Instance, OnStart};
use crate::server::lock;

const TICK: Duration = Duration::from_millis(25);

/// A thread that plays them; it ends when this is dropped.
pub(super) struct Controller {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    rollout: Arc<Mutex<Rollout>>,
}

impl Controller {
    pub(super) fn start(api: Api, namespace: &str, on_start: OnStart) -> Self {
        let (stop, rollout) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::default()));
        let mut played = Played {
            api,
            namespace: namespace.to_owned(),
            on_start,
            rollout: Arc::clone(&rollout),
            known: HashMap::new(),
        };
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                // An object that changes under its hands is looked at again in the next round.
                played.tick().ok();
                std::thread::sleep(TICK);
            }
        });
        Self {
            stop,
            thread: Some(thread),
            rollout,
        }
    }

    pub(super) fn set(&self, rollout: Rollout) {
        *lock(&self.rollout) = rollout;
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

struct Played {
    api: Api,
    namespace: String,
    on_start: OnStart,
    rollout: Arc<Mutex<Rollout>>,
    /// By the Deployment's uid.
    known: HashMap<String, Known>,
}

/// A Deployment as it was last seen.
struct Known {
    template: String,
    revision: u32,
    set: Value,
    begun: Instant,
    plan: Rollout,
    /// The new pods, and how many of them are ready.
    new: Vec<String>,
    ready: u32,
    old: Vec<String>,
    draining: Vec<(String, Instant)>,
    status: Value,
}

impl Played {
    fn core(&self, kind: &str) -> String {
        format!("/api/v1/namespaces/{}/{kind}", self.namespace)
    }

    fn apps(&self, kind: &str) -> String {
        format!("/apis/apps/v1/namespaces/{}/{kind}", self.namespace)
    }

    fn tick(&mut self) -> anyhow::Result<()> {
        let list = self.api.get(&self.apps("deployments"))?;
        for deployment in list["items"].as_array().context("no list")? {
            let uid = text(&deployment["metadata"]["uid"])?;
            let template = deployment["spec"]["template"].to_string();
            let mut known = match self.known.remove(&uid) {
                Some(known) if known.template == template => known,
                known => self.begin(deployment, template, known)?,
            };
            let gone_on = self.go_on(deployment, &mut known);
            self.known.insert(uid, known);
            gone_on?;
        }
        Ok(())
    }

    /// A new template: its ReplicaSet. What ran before is old now.
    fn begin(
        &self,
        deployment: &Value,
        template: String,
        known: Option<Known>,
    ) -> anyhow::Result<Known> {
        let metadata = &deployment["metadata"];
        let revision = known.as_ref().map_or(0, |known| known.revision) + 1;
        let hash = format!("{revision:010}");
        let mut pod = deployment["spec"]["template"].clone();
        pod["metadata"]["labels"]["pod-template-hash"] = json!(hash);
        let mut selector = deployment["spec"]["selector"].clone();
        selector["matchLabels"]["pod-template-hash"] = json!(hash);
        let set = json!({
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": format!("{}-{hash}", text(&metadata["name"])?),
                "labels": pod["metadata"]["labels"],
                "annotations": { "deployment.kubernetes.io/revision": revision.to_string() },
                "ownerReferences": [owner("apps/v1", "Deployment", metadata)],
            },
            "spec": { "replicas": deployment["spec"]["replicas"], "selector": selector, "template": pod },
        });
        let set = self.api.post(&self.apps("replicasets"), &set)?;
        let path = self.apps(&format!("deployments/{}", text(&metadata["name"])?));
        let note = json!({ "metadata": { "annotations": {
            "deployment.kubernetes.io/revision": revision.to_string(),
        } } });
        self.api.patch(&path, &note)?;
        let installed = Rollout {
            duration: Duration::ZERO,
            ..Rollout::default()
        };
        let plan = known
            .as_ref()
            .map_or(installed, |_| lock(&self.rollout).clone());
        let (mut old, mut draining) = (Vec::new(), Vec::new());
        if let Some(known) = known {
            old = [known.old, known.new].concat();
            draining = known.draining;
        }
        Ok(Known {
            template,
            revision,
            set,
            begun: Instant::now(),
            plan,
            new: Vec::new(),
            ready: 0,
            old,
            draining,
            status: Value::Null,
        })
    }

    fn go_on(&self, deployment: &Value, known: &mut Known) -> anyhow::Result<()> {
        let wanted = u32::try_from(deployment["spec"]["replicas"].as_u64().unwrap_or(1))?;
        let share = match known.plan.duration {
            Duration::ZERO => 1.0,
            whole => known.begun.elapsed().as_secs_f64() / whole.as_secs_f64(),
        };
        let due = match (known.plan.outcome, share) {
            (_, share) if share < 0.25 => 0,
            (Outcome::Complete, share) if share < 0.5 => wanted.div_ceil(2),
            (Outcome::Complete, _) => wanted,
            _ => 1,
        };
        while known.new.len() < due as usize {
            let name = format!(
                "{}-{}",
                text(&known.set["metadata"]["name"])?,
                known.new.len()
            );
            let ready = self.pod(&name, known)?;
            known.new.push(name);
            known.ready += u32::from(ready);
        }
        if known.ready == wanted && share >= 1.0 {
            for name in std::mem::take(&mut known.old) {
                self.api
                    .delete(&self.core(&format!("pods/{name}")), &Value::Null)?;
                known.draining.push((name, Instant::now()));
            }
        }
        let drain = lock(&self.rollout).drain;
        for (name, _) in known
            .draining
            .iter()
            .filter(|(_, since)| since.elapsed() >= drain)
        {
            let at_once = json!({ "gracePeriodSeconds": 0 });
            self.api
                .delete(&self.core(&format!("pods/{name}")), &at_once)?;
        }
        known.draining.retain(|(_, since)| since.elapsed() < drain);
        self.tell(deployment, known, share)
    }

    /// Starts a pod; whether it is ready.
    fn pod(&self, name: &str, known: &Known) -> anyhow::Result<bool> {
        let template = &known.set["spec"]["template"];
        let mut pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": template["metadata"],
            "spec": template["spec"],
        });
        pod["metadata"]["name"] = json!(name);
        pod["metadata"]["ownerReferences"] =
            json!([owner("apps/v1", "ReplicaSet", &known.set["metadata"])]);
        // A pod on a node drains; one on none is gone at once.
        pod["spec"]["nodeName"] = json!("node-1");
        self.api.post(&self.core("pods"), &pod)?;
        let container = &template["spec"]["containers"][0];
        let (ready, state) = match known.plan.outcome {
            Outcome::Complete => (self.run(container)?, json!({ "running": {} })),
            Outcome::CrashLoop => (false, waiting("CrashLoopBackOff")),
            Outcome::DeadlineExceeded => (false, waiting("ImagePullBackOff")),
        };
        let starts = if known.plan.outcome == Outcome::CrashLoop {
            6
        } else {
            0
        };
        let is = |fact: bool| if fact { "True" } else { "False" };
        let status = json!({ "status": {
            "phase": "Running",
            "conditions": [{ "type": "Ready", "status": is(ready) }],
            "containerStatuses": [{
                "name": container["name"], "image": container["image"], "imageID": "",
                "ready": ready, "restartCount": starts, "state": state,
            }],
        } });
        self.api
            .patch(&self.core(&format!("pods/{name}/status")), &status)?;
        Ok(ready)
    }

    /// A container reads its environment; whether it could.
    fn run(&self, container: &Value) -> anyhow::Result<bool> {
        let Some(secret) = container["envFrom"][0]["secretRef"]["name"].as_str() else {
            return Ok(true);
        };
        let data = self.api.get(&self.core(&format!("secrets/{secret}")))?["data"].clone();
        let variables = container["env"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let runner_id = variables
            .iter()
            .find(|variable| variable["name"] == "AGENT_ID");
        let found = [
            decoded(&data["OAUTH_CLIENT_ID"]),
            decoded(&data["OAUTH_CLIENT_SECRET"]),
        ];
        let ([Some(client_id), Some(client_secret)], Some(runner_id)) = (found, runner_id) else {
            return Ok(false);
        };
        let runner_id = text(&runner_id["value"])?;
        (self.on_start)(Instance {
            runner_id,
            client_id,
            client_secret,
        });
        Ok(true)
    }

    fn tell(&self, deployment: &Value, known: &mut Known, share: f64) -> anyhow::Result<()> {
        let count = |pods: &Vec<String>| u32::try_from(pods.len()).unwrap_or(u32::MAX);
        let (new, old) = (count(&known.new), count(&known.old));
        let late = known.plan.outcome == Outcome::DeadlineExceeded && share >= 1.0;
        let set = text(&known.set["metadata"]["name"])?;
        let (status, reason, message) = match (late, share >= 1.0) {
            (true, _) => (
                "False",
                "ProgressDeadlineExceeded",
                "has timed out progressing.",
            ),
            (false, true) => (
                "True",
                "NewReplicaSetAvailable",
                "has successfully progressed.",
            ),
            (false, false) => ("True", "ReplicaSetUpdated", "is progressing."),
        };
        let status = json!({ "status": {
            "observedGeneration": deployment["metadata"]["generation"],
            "replicas": new + old,
            "updatedReplicas": new,
            "readyReplicas": known.ready + old,
            "availableReplicas": known.ready + old,
            "conditions": [{
                "type": "Progressing", "status": status, "reason": reason,
                "message": format!("ReplicaSet \"{set}\" {message}"),
            }],
        } });
        if status != known.status {
            let name = text(&deployment["metadata"]["name"])?;
            self.api
                .patch(&self.apps(&format!("deployments/{name}/status")), &status)?;
            known.status = status;
        }
        Ok(())
    }
}

fn owner(version: &str, kind: &str, metadata: &Value) -> Value {
    json!({
        "apiVersion": version, "kind": kind, "name": metadata["name"], "uid": metadata["uid"],
        "controller": true,
    })
}

fn waiting(reason: &str) -> Value {
    json!({ "waiting": { "reason": reason, "message": "back-off" } })
}

pub(super) fn decoded(value: &Value) -> Option<String> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(value.as_str()?)
        .ok()?;
    String::from_utf8(bytes).ok()
}

fn text(value: &Value) -> anyhow::Result<String> {
    value.as_str().map(str::to_owned).context("no text there")
}
