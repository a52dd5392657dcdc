//! The sink for runners on ECS: the secret lives in AWS Secrets Manager, the tasks of a service get
//! it injected when they start, and a forced deployment starts new ones.
//!
//! This file has the five steps in order; what they read and decide is in the modules.

mod aws;
mod errors;
mod needs;
mod rollout;
mod secret;
mod service;
mod settings;
mod store;
mod task;
#[cfg(test)]
mod tests;

use keyferry_sdk::{
    Credential, Currency, Failure, Host, Manifest, Plan, Receipt, Rollout, Sink, Target, Workload,
    export_sink,
};
use serde_json::json;

use secret::Held;
use service::describe_service;
pub use settings::Settings;

/// AWS Secrets Manager, read by the tasks of an ECS service.
pub struct AwsEcs;

impl Sink for AwsEcs {
    type Settings = Settings;

    fn describe() -> Manifest {
        needs::manifest()
    }

    fn check(
        host: &dyn Host,
        target: &Target<Settings>,
        current: &Credential,
    ) -> Result<Plan, Failure> {
        let settings = &target.settings;
        let entry = store::read(host, settings)?;
        let mut warnings = store::confirm(host, settings)?;
        let service = describe_service(host, settings)?;
        warnings.extend(service::confirm(&service, settings)?);
        let task = task::describe(host, settings, &service.task_definition)?;
        let held = entry.held(settings)?;
        let confirmed = task::confirm(&task, &entry, &held, target, &current.client_id)?;
        warnings.extend(confirmed);

        let location = entry.location(settings, &held);
        let stored = match &held {
            Held::Nothing => Currency::Absent,
            Held::Document { secret: None, .. } => Currency::Absent,
            _ if held.is(current) => Currency::Current,
            _ => Currency::Stale,
        };
        let put = match &held {
            Held::Plain(_) => format!("store the secret as the whole of {}", entry.arn),
            _ => format!(
                "store the secret as {} in {}, every other key as it is",
                settings.client_secret_key, entry.arn
            ),
        };
        let restart = format!(
            "force a new deployment of {} in {}, {} tasks",
            settings.service, settings.cluster, service.desired_count
        );
        let plan = Plan::new(location, stored).step(put).step(restart);
        Ok(warnings.into_iter().fold(plan, Plan::warning))
    }

    fn write(
        host: &dyn Host,
        target: &Target<Settings>,
        fresh: &Credential,
    ) -> Result<Receipt, Failure> {
        let settings = &target.settings;
        let entry = store::read(host, settings)?;
        let held = entry.held(settings)?;
        let text = held.with(fresh, settings);
        store::put(host, target, &entry, &held, &text, fresh)
    }

    fn verify(
        host: &dyn Host,
        target: &Target<Settings>,
        fresh: &Credential,
    ) -> Result<Receipt, Failure> {
        let settings = &target.settings;
        let entry = store::read(host, settings)?;
        let held = entry.held(settings)?;
        match held.is(fresh) {
            true => Ok(entry.receipt(settings, &held).compared()),
            false => Err(Failure::conflict(format!(
                "the current version {} of {} holds another credential than the one written; see who else writes it",
                entry.version, entry.arn
            ))),
        }
    }

    fn restart(
        host: &dyn Host,
        target: &Target<Settings>,
        _: &Receipt,
    ) -> Result<Workload, Failure> {
        let settings = &target.settings;
        let body = json!({
            "cluster": settings.cluster,
            "service": settings.service,
            "forceNewDeployment": true,
        });
        let answer: service::Updated = aws::call(host, settings, &aws::UPDATE_SERVICE, &body)?;
        let marker = answer
            .service
            .primary()
            .map(|deployment| deployment.id.clone())
            .ok_or_else(|| {
                Failure::uncertain(format!(
                    "ECS took the update of {} but its answer names no primary deployment",
                    settings.service
                ))
            })?;
        Ok(Workload::new(
            format!("{}/{}", settings.cluster, settings.service),
            marker,
        ))
    }

    fn observe(
        host: &dyn Host,
        target: &Target<Settings>,
        restarted: &Workload,
    ) -> Result<Rollout, Failure> {
        let service = describe_service(host, &target.settings)?;
        Ok(rollout::judge(&service, &restarted.marker))
    }
}

export_sink!(AwsEcs);
