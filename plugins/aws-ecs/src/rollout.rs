//! How far a forced deployment has come, told from the service's list of deployments: new tasks are
//! those of the deployment that the restart began.

use keyferry_sdk::{Rollout, RolloutState};

use crate::service::{Deployment, Service};

/// Judges the deployment that `marker` names.
pub(crate) fn judge(service: &Service, marker: &str) -> Rollout {
    let primary = service
        .primary()
        .map_or("none", |deployment| deployment.id.as_str());
    let Some(ours) = service
        .deployments
        .iter()
        .find(|deployment| deployment.id == marker)
    else {
        let detail = with_event(
            service,
            None,
            marker,
            format!("deployment {marker} is gone, {primary} is the primary one"),
        );
        return Rollout::new(RolloutState::Failed, 0, service.desired_count, detail);
    };
    let state = state(service, ours);
    let detail = match state {
        RolloutState::Failed => {
            let fallback = format!("deployment {marker} was replaced by {primary}");
            let reason = ours
                .rollout_state_reason
                .clone()
                .filter(|reason| !reason.is_empty());
            with_event(service, Some(ours), marker, reason.unwrap_or(fallback))
        }
        _ => progress(ours),
    };
    Rollout::new(state, ours.running_count, ours.desired_count, detail)
}

fn state(service: &Service, ours: &Deployment) -> RolloutState {
    let running = ours.running_count >= ours.desired_count;
    match ours.rollout_state.as_deref() {
        Some("FAILED") => RolloutState::Failed,
        _ if ours.status != "PRIMARY" => RolloutState::Failed,
        Some("COMPLETED") => RolloutState::Complete,
        None if running && service.deployments.len() == 1 => RolloutState::Complete,
        _ if ours.running_count + ours.pending_count + ours.failed_tasks == 0 => {
            RolloutState::Pending
        }
        _ => RolloutState::Progressing,
    }
}

fn progress(ours: &Deployment) -> String {
    let Deployment {
        id,
        running_count,
        desired_count,
        pending_count,
        failed_tasks,
        ..
    } = ours;
    let failed = match failed_tasks {
        0 => String::new(),
        count => format!(", {count} failed to start"),
    };
    format!(
        "deployment {id}: {running_count} of {desired_count} tasks run, {pending_count} starting{failed}"
    )
}

/// Adds the newest event about the deployment, or the newest since it began. ECS lists the newest
/// first.
fn with_event(
    service: &Service,
    ours: Option<&Deployment>,
    marker: &str,
    reason: String,
) -> String {
    let began = ours
        .and_then(|deployment| deployment.created_at.as_f64())
        .unwrap_or(f64::MAX);
    let about = service
        .events
        .iter()
        .find(|event| event.message.contains(marker));
    let since = service
        .events
        .iter()
        .find(|event| event.created_at.as_f64().is_some_and(|at| at >= began));
    match about.or(since) {
        Some(event) => format!("{reason} ({})", event.message.trim()),
        None => reason,
    }
}
