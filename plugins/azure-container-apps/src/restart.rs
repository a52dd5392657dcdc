//! The restart, in its two ways: every active revision again, or a new revision of the same
//! template; and what can be seen of it afterwards.

use keyferry_sdk::{Failure, Host, Rollout, RolloutState, Workload};
use serde_json::json;

use crate::app::{self, App};
use crate::arm::{self, Place, Refusal};
use crate::containers::{self, Names};
use crate::replicas::{self, Replica};
use crate::revisions::{self, Revision};
use crate::rollout::{self, Marker};
use crate::settings::{Restart, Settings};

/// What a restart will do.
pub(crate) struct Prospect {
    pub(crate) steps: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// Looks at what there is to restart, without restarting it.
pub(crate) fn plan(
    host: &dyn Host,
    place: &Place,
    app: &App,
    settings: &Settings,
    names: &Names,
) -> Result<Prospect, Failure> {
    let revisions = revisions::active(host, place)?;
    let mut warnings =
        vec!["whether the identity in use may restart the app shows only when it does".to_owned()];
    for revision in &revisions {
        let containers = &revision.properties.template.containers;
        let read = containers::names(containers, settings, &revision.name)?;
        if read.secret != names.secret {
            return Err(Failure::rejected(format!(
                "the active revision {} reads the secret {}, and {} is to be written; let all active revisions read one secret",
                revision.name, read.secret, names.secret
            )));
        }
    }
    if revisions.len() > 1 {
        let all: Vec<_> = revisions.iter().map(Revision::with_traffic).collect();
        let why = match app.is_single() {
            true => "a new revision is still taking over",
            false => "each is restarted, also those without traffic",
        };
        warnings.push(format!(
            "{} has several active revisions: {}; {why}",
            place.app,
            all.join(", ")
        ));
    }
    let (steps, unseen) = steps(host, place, settings, &revisions)?;
    if unseen {
        warnings.push("the new replicas can't be watched: the identity in use may not list replicas (Microsoft.App/containerApps/revisions/replicas/read)".to_owned());
    }
    Ok(Prospect { steps, warnings })
}

fn steps(
    host: &dyn Host,
    place: &Place,
    settings: &Settings,
    revisions: &[Revision],
) -> Result<(Vec<String>, bool), Failure> {
    let mut steps = Vec::new();
    let mut unseen = false;
    for Revision { name, .. } in revisions {
        let replicas = match replicas::list(host, place, name) {
            Ok(replicas) => format!("{} replicas", replicas.len()),
            Err(refusal) if refusal.is_denied() => {
                unseen = true;
                "all replicas".to_owned()
            }
            Err(refusal) => return Err(refusal.into()),
        };
        steps.push(match settings.restart {
            Restart::Revision => format!(
                "restart the revision {name}, {replicas}; what was installed into them by hand is lost"
            ),
            Restart::NewRevision => {
                format!("start a new revision with the template of {name}, {replicas}")
            }
        });
    }
    Ok((steps, unseen))
}

/// Restarts every active revision.
pub(crate) fn active(host: &dyn Host, place: &Place) -> Result<Workload, Failure> {
    let revisions = revisions::active(host, place)?;
    let marker = match all_replicas(host, place, &revisions) {
        Ok(replicas) => Marker::after(&replicas),
        Err(refusal) if refusal.is_denied() => Marker::Unseen,
        Err(refusal) => return Err(refusal.into()),
    };
    for Revision { name, .. } in &revisions {
        let what = format!("restarting the revision {name}");
        arm::change(host.post(&place.restart_url(name)), &what)?;
    }
    let names: Vec<_> = revisions
        .into_iter()
        .map(|revision| revision.name)
        .collect();
    Ok(Workload::new(names.join(", "), marker.text()))
}

/// Starts a new revision. Its name is the attempt's, so that a repeat starts no second one.
pub(crate) fn anew(host: &dyn Host, place: &Place, attempt: &str) -> Result<Workload, Failure> {
    let digits = attempt.chars().filter(char::is_ascii_alphanumeric);
    let suffix = format!("kf-{}", digits.take(12).collect::<String>().to_lowercase());
    let name = format!("{}--{suffix}", place.app);
    let workload = Workload::new(name.clone(), Marker::Revision(name.clone()).text());
    let app = app::read(host, place)?;
    app.settled(place)?;
    let existing = revisions::list(host, place)?;
    if existing.iter().any(|revision| revision.name == name) {
        return Ok(workload);
    }
    let body = json!({
        "location": app.location,
        "properties": { "template": { "revisionSuffix": suffix } },
    });
    let what = format!("starting the revision {name}");
    arm::change(host.patch(&place.url()).json(&body), &what)?;
    Ok(workload)
}

/// How far the restart has come.
pub(crate) fn observe(
    host: &dyn Host,
    place: &Place,
    restarted: &Workload,
) -> Result<Rollout, Failure> {
    let marker = Marker::of(restarted)?;
    match &marker {
        Marker::Unseen => Ok(Rollout::unseen(format!(
            "{} was restarted, and the identity in use may not list its replicas",
            restarted.name
        ))),
        Marker::Revision(name) => observe_revision(host, place, name),
        Marker::Since { .. } => {
            let revisions = revisions::active(host, place)?;
            let wanted = revisions.iter().map(Revision::fewest).sum();
            let all = all_replicas(host, place, &revisions)?;
            let (new, old): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|replica| marker.is_new(replica));
            Ok(rollout::judge(&new, &old, wanted))
        }
    }
}

fn observe_revision(host: &dyn Host, place: &Place, name: &str) -> Result<Rollout, Failure> {
    let revisions = revisions::list(host, place)?;
    let active = |revision: &&Revision| revision.properties.active;
    let Some(ours) = revisions.iter().find(|revision| revision.name == name) else {
        let detail = format!("the revision {name} is not there yet");
        return Ok(Rollout::new(RolloutState::Pending, 0, 1, detail));
    };
    if let Some(why) = ours.failure() {
        return Ok(Rollout::new(RolloutState::Failed, 0, ours.fewest(), why));
    }
    if !ours.properties.active {
        let others: Vec<_> = revisions.iter().filter(active).collect();
        let by = others
            .first()
            .map_or("nothing", |other| other.name.as_str());
        let detail = format!("the revision {name} is no longer active; {by} is");
        return Ok(Rollout::new(RolloutState::Failed, 0, ours.fewest(), detail));
    }
    let list = |name: &str| match replicas::list(host, place, name) {
        Err(refusal) if refusal.is_denied() => Ok(None),
        replicas => replicas.map(Some),
    };
    let Some(new) = list(name)? else {
        let detail = format!("the identity in use may not list the replicas of {name}");
        return Ok(Rollout::unseen(detail));
    };
    let mut old = Vec::new();
    for other in revisions.iter().filter(active) {
        if other.name != name {
            old.extend(list(&other.name)?.unwrap_or_default());
        }
    }
    Ok(rollout::judge(&new, &old, ours.fewest()))
}

fn all_replicas(
    host: &dyn Host,
    place: &Place,
    revisions: &[Revision],
) -> Result<Vec<Replica>, Refusal> {
    let mut all = Vec::new();
    for Revision { name, .. } in revisions {
        all.extend(replicas::list(host, place, name)?);
    }
    Ok(all)
}
