//! A revision and its replicas, and how a restart of it goes: half of the new replicas start, then
//! the other half, then the old ones are gone; or the new ones fail over and over.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::app::to_the_second;

/// How restarts go from now on.
#[derive(Clone, Debug)]
pub struct Rollout {
    /// From the restart to its end.
    pub duration: Duration,
    /// How it ends.
    pub outcome: Outcome,
}

/// How a restart ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// All new replicas run.
    Complete,
    /// They end with this, over and over.
    CrashLoop(String),
    /// They never start.
    Stuck,
}

/// A replica as Azure describes it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "Azure documents them under these names")]
pub struct Replica {
    pub name: String,
    pub created: OffsetDateTime,
    pub running: bool,
    pub restarts: u32,
    pub details: String,
}

/// A revision as Azure describes it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "Azure documents them under these names")]
pub struct Revision {
    pub name: String,
    pub active: bool,
    pub weight: u32,
    pub template: Value,
    pub replicas: Vec<Replica>,
    /// How often it was restarted.
    pub restarts: u32,
    pub(super) going: Option<Going>,
}

/// A restart that is under way.
#[derive(Clone, Debug)]
pub(super) struct Going {
    pub began: Instant,
    pub plan: Rollout,
    old: Vec<String>,
}

impl Replica {
    fn new(revision: &str, created: OffsetDateTime) -> Self {
        let id = Uuid::new_v4().simple().to_string();
        Self {
            name: format!("{revision}-{}-{}", &id[..9], &id[9..14]),
            created,
            running: false,
            restarts: 0,
            details: String::new(),
        }
    }

    fn describe(&self) -> Value {
        let (replica, container) = match self.running {
            true => ("Running", "Running"),
            false if self.restarts > 0 => ("NotRunning", "Terminated"),
            false => ("NotRunning", "Waiting"),
        };
        json!({
            "name": self.name,
            "type": "Microsoft.App/containerApps/revisions/replicas",
            "properties": {
                "createdTime": to_the_second(self.created),
                "runningState": replica,
                "runningStateDetails": self.details,
                "containers": [{
                    "name": "runner",
                    "ready": self.running,
                    "started": self.running,
                    "restartCount": self.restarts,
                    "runningState": container,
                    "runningStateDetails": self.details,
                }],
            },
        })
    }
}

impl Revision {
    /// One whose replicas have run for an hour.
    pub fn at_rest(name: &str, template: &Value, weight: u32) -> Self {
        let mut revision = Self::empty(name, template, weight);
        let since = OffsetDateTime::now_utc() - time::Duration::hours(1);
        for _ in 0..revision.wanted() {
            let mut replica = Replica::new(name, since);
            replica.running = true;
            revision.replicas.push(replica);
        }
        revision
    }

    pub(super) fn empty(name: &str, template: &Value, weight: u32) -> Self {
        Self {
            name: name.to_owned(),
            active: true,
            weight,
            template: template.clone(),
            replicas: Vec::new(),
            restarts: 0,
            going: None,
        }
    }

    fn wanted(&self) -> usize {
        let fewest = self.template["scale"]["minReplicas"].as_u64();
        fewest
            .and_then(|fewest| usize::try_from(fewest).ok())
            .unwrap_or_default()
    }

    /// Begins to replace its replicas.
    pub(super) fn restart(&mut self, plan: Rollout) {
        self.restarts += 1;
        self.going = Some(Going {
            began: Instant::now(),
            plan,
            old: self
                .replicas
                .iter()
                .map(|replica| replica.name.clone())
                .collect(),
        });
    }

    /// Whether all that is to run is new and runs.
    pub(super) fn is_up(&self) -> bool {
        self.going.is_none() && self.replicas.iter().filter(|r| r.running).count() >= self.wanted()
    }

    /// Takes a restart as far as it is by `now`; `start` runs a replica, unless it fails.
    pub(super) fn tick(&mut self, now: Instant, start: &mut dyn FnMut(&Value) -> bool) {
        let Some(Going { began, plan, old }) = self.going.clone() else {
            return;
        };
        let share = match plan.duration {
            Duration::ZERO => 1.0,
            whole => now.duration_since(began).as_secs_f64() / whole.as_secs_f64(),
        };
        let is_new = |replica: &Replica| !old.contains(&replica.name);
        let due = match share {
            share if share < 0.25 => 0,
            share if share < 0.5 => self.wanted().div_ceil(2),
            _ => self.wanted(),
        };
        while self
            .replicas
            .iter()
            .filter(|replica| is_new(replica))
            .count()
            < due
        {
            let mut replica = Replica::new(&self.name, OffsetDateTime::now_utc());
            replica.running = plan.outcome == Outcome::Complete && start(&self.template);
            self.replicas.push(replica);
        }
        match &plan.outcome {
            Outcome::CrashLoop(why) => {
                for replica in self.replicas.iter_mut().filter(|replica| is_new(replica)) {
                    replica.restarts = if share < 1.0 { 1 } else { 5 };
                    replica.details.clone_from(why);
                }
            }
            Outcome::Complete if share >= 1.0 => {
                self.replicas.retain(is_new);
                self.going = None;
            }
            _ => {}
        }
    }

    pub(super) fn describe(&self) -> Value {
        json!({
            "name": self.name,
            "type": "Microsoft.App/containerapps/revisions",
            "properties": {
                "active": self.active,
                "trafficWeight": self.weight,
                "replicas": self.replicas.len(),
                "healthState": "Healthy",
                "provisioningState": "Provisioned",
                "runningState": "Running",
                "template": self.template,
            },
        })
    }

    pub(super) fn list_replicas(&self) -> Value {
        let all: Vec<Value> = self.replicas.iter().map(Replica::describe).collect();
        json!({ "value": all })
    }
}
