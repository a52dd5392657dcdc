//! How far a restart has come. What `restart` saw before it acted is the marker: whatever was
//! created after the newest of those replicas read the secret that was stored by then.

use std::collections::BTreeSet;

use keyferry_sdk::{Failure, Rollout, RolloutState, Workload};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::replicas::Replica;

/// What tells new replicas from old ones.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Marker {
    /// Those created after the last one that there was, and those of its very moment by name.
    Since {
        newest: Option<String>,
        known: BTreeSet<String>,
    },
    /// Those of this revision.
    Revision(String),
    /// They can't be seen.
    Unseen,
}

impl Marker {
    /// The marker for a restart of these replicas.
    pub(crate) fn after(replicas: &[Replica]) -> Self {
        let newest = replicas.iter().filter_map(Replica::created).max();
        let last = |replica: &&Replica| replica.created() == newest;
        Self::Since {
            newest: replicas
                .iter()
                .find(last)
                .map(|replica| replica.created_text().to_owned()),
            known: replicas
                .iter()
                .filter(last)
                .map(|replica| replica.name.clone())
                .collect(),
        }
    }

    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("a marker has only string keys")
    }

    pub(crate) fn of(workload: &Workload) -> Result<Self, Failure> {
        serde_json::from_str(&workload.marker).map_err(|_| {
            Failure::rejected(format!(
                "the marker of {} is none of this sink's; restart it again",
                workload.name
            ))
        })
    }

    /// Whether the replica is new, by its age.
    pub(crate) fn is_new(&self, replica: &Replica) -> bool {
        let Self::Since { newest, known } = self else {
            return true;
        };
        let newest = newest
            .as_deref()
            .and_then(|newest| OffsetDateTime::parse(newest, &Rfc3339).ok());
        match replica.created() {
            Some(created) if Some(created) != newest => {
                newest.is_none_or(|newest| created > newest)
            }
            // Created in that very moment, or with no time to tell.
            _ => !known.contains(&replica.name),
        }
    }
}

/// Judges the replicas: `wanted` are to run, and `old` tells those that read the secret before.
pub(crate) fn judge(new: &[Replica], old: &[Replica], wanted: u32) -> Rollout {
    let count = |replicas: usize| u32::try_from(replicas).unwrap_or(u32::MAX);
    let ready = count(new.iter().filter(|replica| replica.runs()).count());
    // An app that may scale to nothing still has to show one.
    let wanted = wanted.max(1).max(count(new.len()));
    let state = match () {
        () if new.iter().any(|replica| replica.loops().is_some()) => RolloutState::Failed,
        () if new.is_empty() => RolloutState::Pending,
        () if old.is_empty() && ready >= wanted => RolloutState::Complete,
        () => RolloutState::Progressing,
    };
    let detail = match new.iter().find_map(Replica::loops) {
        Some(why) => why,
        None => format!(
            "{ready} of {wanted} new replicas run, {} old ones are left",
            old.len()
        ),
    };
    Rollout::new(state, ready, wanted, detail)
}
