//! How far a restart has come, told from the Deployment's status and its pods. Old pods may drain
//! for hours: they are reported, and waited for only if asked.

use keyferry_sdk::{Failure, Host, Rollout, RolloutState, Target, Workload};

use crate::deployment;
use crate::needs::PODS;
use crate::objects::{Deployment, List, Object};
use crate::program;
use crate::settings::Settings;

/// A container that was started this often in vain is not waited for.
const MOST_STARTS: u32 = 5;

/// The pods of a Deployment.
#[derive(Default)]
struct Pods {
    /// Whether they could be read.
    seen: bool,
    new: Vec<Object>,
    old: Vec<Object>,
}

pub(crate) fn observe(
    host: &dyn Host,
    target: &Target<Settings>,
    restarted: &Workload,
) -> Result<Rollout, Failure> {
    let settings = &target.settings;
    let name = restarted.name.rsplit('/').next().unwrap_or_default();
    let mut all = deployment::all(host, settings)?.into_iter();
    let Some(deployment) = all.find(|deployment| deployment.metadata.name == name) else {
        let detail = format!("the Deployment {name} is gone");
        return Ok(Rollout::new(RolloutState::Failed, 0, 0, detail));
    };
    let pods = Pods::of(host, &deployment)?;
    let rollout = judge(&deployment, &pods, &restarted.marker, settings.wait_for_old);
    if rollout.state == RolloutState::Complete && !pods.old.is_empty() {
        host.info(&rollout.detail);
    }
    Ok(rollout)
}

impl Pods {
    fn of(host: &dyn Host, deployment: &Deployment) -> Result<Self, Failure> {
        // Without the right to read pods the Deployment's own numbers must do.
        let Ok(list) = program::document::<List<Object>>(host, PODS, "`kubectl get pods`")? else {
            return Ok(Self::default());
        };
        let (sets, pods): (Vec<Object>, Vec<Object>) = list
            .items
            .into_iter()
            .partition(|object| object.kind == "ReplicaSet");
        let owned: Vec<&Object> = sets
            .iter()
            .filter(|set| set.metadata.is_owned_by(&deployment.metadata.uid))
            .collect();
        let revision = deployment.metadata.revision();
        let is_new = |set: &&Object| revision.is_some() && set.metadata.revision() == revision;
        let new_set = owned
            .iter()
            .copied()
            .find(is_new)
            .map(|set| set.metadata.uid.as_str());
        let mut found = Self {
            seen: !owned.is_empty(),
            ..Self::default()
        };
        for pod in pods {
            if new_set.is_some_and(|set| pod.metadata.is_owned_by(set)) {
                found.new.push(pod);
            } else if owned
                .iter()
                .any(|set| pod.metadata.is_owned_by(&set.metadata.uid))
            {
                found.old.push(pod);
            }
        }
        Ok(found)
    }
}

fn judge(deployment: &Deployment, pods: &Pods, marker: &str, wait_for_old: bool) -> Rollout {
    let (name, status) = (&deployment.metadata.name, &deployment.status);
    let wanted = deployment.spec.replicas;
    let rollout = |state, ready, detail| Rollout::new(state, ready, wanted, detail);
    let template = &deployment.spec.template.metadata;
    if template.restarted_at() != marker {
        let now = match template.restarted_at() {
            "" => "never restarted".to_owned(),
            at => format!("restarted at {at}"),
        };
        let detail = format!(
            "the template of {name} was changed since the restart at {marker}: it is as {now}"
        );
        return rollout(RolloutState::Failed, 0, detail);
    }
    if status.observed_generation < deployment.metadata.generation {
        let detail = format!("{name}: the restart was not taken up yet");
        return rollout(RolloutState::Pending, 0, detail);
    }
    let ready = match pods.seen {
        true => count(pods.new.iter().filter(|pod| pod.is_ready())),
        false => status.updated_replicas.min(status.available_replicas),
    };
    let trouble = pods.new.iter().find_map(Object::trouble);
    let late = deployment.condition("Progressing").filter(|condition| {
        condition.status == "False" && condition.reason == "ProgressDeadlineExceeded"
    });
    if let Some(late) = late {
        let why = trouble
            .map(|(why, _)| format!(" ({why})"))
            .unwrap_or_default();
        let detail = format!("{}{why}", late.message);
        return rollout(RolloutState::Failed, ready, detail);
    }
    if let Some((why, _)) = trouble
        .as_ref()
        .filter(|(_, starts)| *starts >= MOST_STARTS)
    {
        let detail = format!("{name}: {why}");
        return rollout(RolloutState::Failed, ready, detail);
    }
    let old = pods.old_in_words();
    let new_only = status.updated_replicas == wanted && status.replicas == wanted;
    let complete = new_only && status.available_replicas >= wanted && ready >= wanted;
    let drained = pods.old.is_empty() || !wait_for_old;
    if complete && drained && trouble.is_none() {
        let detail = format!("{name}: {ready} of {wanted} new pods are ready{old}");
        return rollout(RolloutState::Complete, ready, detail);
    }
    let paused = if deployment.spec.paused {
        ", the Deployment is paused"
    } else {
        ""
    };
    let why = trouble
        .map(|(why, _)| format!(", {why}"))
        .unwrap_or_default();
    let detail = format!("{name}: {ready} of {wanted} new pods are ready{old}{why}{paused}");
    rollout(RolloutState::Progressing, ready, detail)
}

impl Pods {
    fn old_in_words(&self) -> String {
        let draining = |pod: &&Object| pod.metadata.deletion_timestamp.is_some();
        let (ending, running) = (self.old.iter().filter(draining), count(self.old.iter()));
        let grace = ending
            .clone()
            .filter_map(|pod| pod.metadata.deletion_grace_period_seconds);
        let grace = grace
            .max()
            .map(|most| format!(", for up to {most} s"))
            .unwrap_or_default();
        let ending = count(ending);
        let running = match running - ending {
            0 => String::new(),
            more => format!(", {more} old still run"),
        };
        match ending {
            0 => running,
            more => format!("{running}, {more} old still drain{grace}"),
        }
    }
}

impl Object {
    fn is_ready(&self) -> bool {
        let ready = |condition: &crate::objects::Condition| {
            condition.kind == "Ready" && condition.status == "True"
        };
        self.metadata.deletion_timestamp.is_none() && self.status.conditions.iter().any(ready)
    }

    /// What keeps a container from running, and how often it was started.
    fn trouble(&self) -> Option<(String, u32)> {
        let waiting = self.status.container_statuses.iter().find_map(|container| {
            let waiting = container.state.waiting.as_ref()?;
            let usual = ["ContainerCreating", "PodInitializing", ""];
            (!usual.contains(&waiting.reason.as_str())).then_some((container, waiting))
        });
        let unscheduled = self
            .status
            .conditions
            .iter()
            .find(|condition| condition.kind == "PodScheduled" && condition.status == "False");
        let pod = &self.metadata.name;
        if let Some((container, waiting)) = waiting {
            let message = match waiting.message.as_str() {
                "" => String::new(),
                message => format!(" ({message})"),
            };
            let why = format!(
                "container {} of pod {pod}: {}{message}",
                container.name, waiting.reason
            );
            return Some((why, container.restart_count));
        }
        unscheduled.map(|condition| {
            (
                format!("pod {pod}: {} ({})", condition.reason, condition.message),
                0,
            )
        })
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
