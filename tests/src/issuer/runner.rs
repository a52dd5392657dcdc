//! A runner as the issuer knows it: its pair, its connection, and what is about to change.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::behaviour::Behaviour;

/// A client id and its secret. It has no `Debug`, so a failing assertion can't print it.
#[derive(Clone, PartialEq, Eq)]
pub struct Pair {
    /// No secret.
    pub client_id: String,
    /// The secret.
    pub client_secret: String,
}

impl Pair {
    /// From its parts.
    pub fn new(client_id: &str, client_secret: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
        }
    }
}

/// What a test says of a runner when it adds it.
pub struct RunnerSpec {
    /// A UUID.
    pub id: String,
    /// Not necessarily unique.
    pub name: String,
    /// `data_productivity_cloud` or `streaming`.
    pub kind: String,
    /// `aws`, `azure`, `gcp`, `google_cloud` or `snowflake`.
    pub cloud: String,
    /// `fargate`, `container app`, `gke`, `native app`, …
    pub deployment: String,
    /// Whether it is up when the test begins; otherwise it is pending.
    pub connected: bool,
}

impl RunnerSpec {
    /// A connected runner on ECS Fargate with a new id.
    pub fn fargate(name: &str) -> Self {
        Self::on(name, "aws", "fargate")
    }

    /// A connected runner on this cloud with a new id.
    pub fn on(name: &str, cloud: &str, deployment: &str) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            name: name.to_owned(),
            kind: "data_productivity_cloud".to_owned(),
            cloud: cloud.to_owned(),
            deployment: deployment.to_owned(),
            connected: true,
        }
    }
}

/// The state of one runner.
#[derive(Clone)]
pub struct Runner {
    /// `agentId`.
    pub id: String,
    /// `name`.
    pub name: String,
    /// `agentType`.
    pub kind: String,
    /// `cloudProvider`.
    pub cloud: String,
    /// `deployment`.
    pub deployment: String,
    /// The live pair.
    pub credential: Pair,
    /// `connected`.
    pub connected: bool,
    /// Whether it ever was.
    pub seen: bool,
    /// Paused, or about to be.
    pub pause: Pause,
    /// Replaces the status in answers, for words that no document names.
    pub status_word: Option<String>,
    /// How often its credential was refreshed.
    pub refreshes: u32,
    /// How many containers started, with whatever pair.
    pub starts: u32,
    /// What its newest connected container holds.
    pub(super) held: Pair,
    pub(super) restarting: bool,
    pub(super) due: Vec<(Instant, Change)>,
}

/// Where a pause stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// Not asked for.
    None,
    /// Finishing the tasks at hand.
    Pausing,
    /// Paused.
    Paused,
}

#[derive(Clone)]
pub(super) enum Change {
    Disconnect,
    Connect(Pair),
    Paused,
}

impl Runner {
    pub(super) fn new(spec: RunnerSpec, credential: Pair) -> Self {
        Self {
            id: spec.id,
            name: spec.name,
            kind: spec.kind,
            cloud: spec.cloud,
            deployment: spec.deployment,
            held: credential.clone(),
            credential,
            connected: spec.connected,
            seen: spec.connected,
            pause: Pause::None,
            status_word: None,
            refreshes: 0,
            starts: 0,
            restarting: false,
            due: Vec::new(),
        }
    }

    /// The status as the documents name it.
    pub fn status(&self) -> &str {
        if let Some(word) = &self.status_word {
            return word;
        }
        match (self.pause, self.connected) {
            (Pause::Pausing, _) => "pausing",
            (Pause::Paused, _) => "paused",
            (Pause::None, true) => "running",
            (Pause::None, false) if self.restarting => "stopping",
            (Pause::None, false) if self.seen => "unknown",
            (Pause::None, false) => "pending",
        }
    }

    pub(super) fn plan(&mut self, after: Duration, change: Change) {
        // A wait that the clock can't hold is one that never ends.
        if let Some(at) = Instant::now().checked_add(after) {
            self.due.push((at, change));
        }
    }

    pub(super) fn revoked(&mut self, fresh: Pair, behaviour: &Behaviour) {
        self.credential = fresh;
        self.refreshes += 1;
        self.due
            .retain(|(_, change)| !matches!(change, Change::Connect(_)));
        self.plan(behaviour.disconnect_delay, Change::Disconnect);
    }

    pub(super) fn tick(&mut self, now: Instant, never_connects: bool) {
        let (mut due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.due)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.due = later;
        due.sort_by_key(|(at, _)| *at);
        for (_, change) in due {
            match change {
                Change::Disconnect => self.connected = false,
                Change::Paused => self.pause = Pause::Paused,
                Change::Connect(pair) if pair == self.credential && !never_connects => {
                    self.connected = true;
                    self.held = pair;
                    self.seen = true;
                    self.restarting = false;
                    self.due
                        .retain(|(_, change)| !matches!(change, Change::Disconnect));
                }
                Change::Connect(_) => {}
            }
        }
    }
}
