//! A service's deployments and how one comes about: half of the new containers start, then the
//! other half, then the old deployment is gone; or the circuit breaker rolls it back.

use std::time::{Duration, Instant};

use time::OffsetDateTime;
use uuid::Uuid;

/// How deployments go from now on.
#[derive(Clone)]
pub struct Rollout {
    /// From `UpdateService` to the end.
    pub duration: Duration,
    /// How they end.
    pub outcome: Outcome,
}

/// How a deployment ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// All new containers run.
    Complete,
    /// The containers fail, the circuit breaker gives this reason and rolls back.
    RolledBack(String),
    /// It goes on for ever: no container starts.
    Stuck,
}

/// A deployment as ECS describes it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "AWS documents them under these names")]
pub struct Deployment {
    pub id: String,
    pub status: String,
    pub task_definition: String,
    pub running: u32,
    pub pending: u32,
    pub failed: u32,
    pub rollout_state: String,
    pub rollout_state_reason: String,
    pub(super) created: f64,
    begun: Instant,
    plan: Rollout,
}

/// A service as ECS describes it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "AWS documents them under these names")]
pub struct Service {
    pub name: String,
    pub arn: String,
    pub cluster: String,
    pub status: String,
    pub desired: u32,
    /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub controller: String,
    pub task_definition: String,
    /// The `PRIMARY` one first.
    pub deployments: Vec<Deployment>,
    /// Newest first.
    pub events: Vec<String>,
}

impl std::fmt::Debug for Rollout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} in {:?}", self.outcome, self.duration)
    }
}

impl Deployment {
    fn begin(task_definition: &str, desired: u32, plan: Rollout) -> Self {
        let number = Uuid::new_v4().as_u128() % 10_u128.pow(19);
        let id = format!("ecs-svc/{number:019}");
        Self {
            rollout_state_reason: format!("ECS deployment {id} in progress."),
            id,
            status: "PRIMARY".to_owned(),
            task_definition: task_definition.to_owned(),
            running: 0,
            pending: desired,
            failed: 0,
            rollout_state: "IN_PROGRESS".to_owned(),
            created: OffsetDateTime::now_utc().unix_timestamp_nanos() as f64 / 1e9,
            begun: Instant::now(),
            plan,
        }
    }

    fn complete(&mut self, desired: u32) {
        self.running = desired;
        self.pending = 0;
        self.rollout_state = "COMPLETED".to_owned();
        self.rollout_state_reason = format!("ECS deployment {} completed.", self.id);
    }
}

impl Service {
    /// A service at rest.
    pub(super) fn at_rest(
        arn: String,
        cluster: &str,
        name: &str,
        task_definition: &str,
        desired: u32,
    ) -> Self {
        let plan = Rollout {
            duration: Duration::ZERO,
            outcome: Outcome::Complete,
        };
        let mut deployment = Deployment::begin(task_definition, desired, plan);
        deployment.complete(desired);
        Self {
            name: name.to_owned(),
            arn,
            cluster: cluster.to_owned(),
            status: "ACTIVE".to_owned(),
            desired,
            controller: "ECS".to_owned(),
            task_definition: task_definition.to_owned(),
            deployments: vec![deployment],
            events: vec![format!("(service {name}) has reached a steady state.")],
        }
    }

    pub(super) fn deploy(&mut self, plan: Rollout) {
        for old in &mut self.deployments {
            "ACTIVE".clone_into(&mut old.status);
        }
        let fresh = Deployment::begin(&self.task_definition, self.desired, plan);
        self.deployments.insert(0, fresh);
    }

    /// Goes on as far as the time allows. `start` starts one container of a task definition and
    /// says whether it could.
    pub(super) fn tick(&mut self, now: Instant, start: &mut dyn FnMut(&str) -> bool) {
        let desired = self.desired;
        let Some(new) = self
            .deployments
            .iter_mut()
            .find(|d| d.rollout_state == "IN_PROGRESS")
        else {
            return;
        };
        let share = match new.plan.duration {
            Duration::ZERO => 1.0,
            whole => now.duration_since(new.begun).as_secs_f64() / whole.as_secs_f64(),
        };
        match new.plan.outcome.clone() {
            Outcome::Stuck => {}
            Outcome::RolledBack(_) if share < 1.0 => {
                new.failed = if share > 0.5 { desired } else { 0 };
            }
            Outcome::RolledBack(reason) => self.roll_back(&reason),
            Outcome::Complete => {
                let due = match share {
                    share if share < 0.25 => 0,
                    share if share < 0.5 => desired.div_ceil(2),
                    _ => desired,
                };
                while new.running < due {
                    if !start(&new.task_definition) {
                        new.failed += 1;
                        new.plan.outcome = Outcome::RolledBack("tasks failed to start.".to_owned());
                        return;
                    }
                    new.running += 1;
                    new.pending = desired.saturating_sub(new.running);
                }
                if share >= 1.0 {
                    new.complete(desired);
                    let id = new.id.clone();
                    self.deployments.retain(|deployment| deployment.id == id);
                    self.note("has reached a steady state.");
                }
            }
        }
    }

    fn roll_back(&mut self, reason: &str) {
        let failed = &mut self.deployments[0];
        "FAILED".clone_into(&mut failed.rollout_state);
        "ACTIVE".clone_into(&mut failed.status);
        failed.rollout_state_reason = format!("ECS deployment circuit breaker: {reason}");
        (failed.running, failed.pending) = (0, 0);
        let failed_id = failed.id.clone();
        self.note(&format!(
            "(deployment {failed_id}) deployment failed: {reason}"
        ));
        let Some(old) = self.deployments.get_mut(1) else {
            return;
        };
        "PRIMARY".clone_into(&mut old.status);
        let old_id = old.id.clone();
        old.rollout_state_reason =
            format!("ECS deployment circuit breaker: rolling back to deploymentId {old_id}.");
        old.task_definition.clone_into(&mut self.task_definition);
        self.deployments.swap(0, 1);
        self.note(&format!("rolling back to deployment {old_id}."));
    }

    fn note(&mut self, event: &str) {
        self.events
            .insert(0, format!("(service {}) {event}", self.name));
    }
}
