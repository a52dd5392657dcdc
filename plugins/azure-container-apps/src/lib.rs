//! The sink for runners on Azure Container Apps: the secret is one of the app's own secrets, which
//! its replicas get injected when they start, and a restart of the active revisions starts new ones.
//!
//! This file has the five steps in order; what they read and decide is in the modules.

mod app;
mod arm;
mod containers;
mod errors;
mod needs;
mod operation;
mod replicas;
mod restart;
mod revisions;
mod rollout;
mod secrets;
mod settings;
#[cfg(test)]
mod tests;

use keyferry_sdk::{
    Credential, Currency, Failure, Host, Manifest, Plan, Receipt, Rollout, Sink, Target, Workload,
    export_sink,
};
use serde_json::json;

use app::App;
use arm::Place;
pub use settings::{Restart, Settings};

/// The secrets of an Azure Container App.
pub struct AzureContainerApps;

impl Sink for AzureContainerApps {
    type Settings = Settings;

    fn describe() -> Manifest {
        needs::manifest()
    }

    fn check(
        host: &dyn Host,
        target: &Target<Settings>,
        current: &Credential,
    ) -> Result<Plan, Failure> {
        let (settings, place) = (&target.settings, Place::of(&target.settings));
        let app = app::read(host, &place)?;
        let mut warnings = app::confirm(&app, settings, &place)?;
        let containers = &app.properties.template.containers;
        let names = containers::names(containers, settings, &place.app)?;
        warnings.extend(containers::confirm(containers, target, &current.client_id)?);
        let secrets = secrets::list(host, &place)?;
        secrets.writable(&names.secret, &place)?;
        warnings.extend(secrets.hides_id(&names));
        let restart = restart::plan(host, &place, &app, settings, &names)?;
        warnings.extend(restart.warnings);

        let current = secrets.holds(&names, current) && secrets.knows_id(&names, current);
        let stored = match current {
            true => Currency::Current,
            false => Currency::Stale,
        };
        let plan = Plan::new(location(&place, &names.secret), stored).step(format!(
            "store the secret as {} of {}, and the other {} as they are",
            names.secret,
            place.app,
            secrets.len().saturating_sub(1)
        ));
        let plan = restart.steps.into_iter().fold(plan, Plan::step);
        Ok(warnings.into_iter().fold(plan, Plan::warning))
    }

    fn write(
        host: &dyn Host,
        target: &Target<Settings>,
        fresh: &Credential,
    ) -> Result<Receipt, Failure> {
        let (settings, place) = (&target.settings, Place::of(&target.settings));
        let before = app::read(host, &place)?;
        before.settled(&place)?;
        let containers = &before.properties.template.containers;
        let names = containers::names(containers, settings, &place.app)?;
        let secrets = secrets::list(host, &place)?;
        secrets.writable(&names.secret, &place)?;
        let list = secrets.with(&names, fresh)?;
        app::read(host, &place)?.unchanged_since(&before, &place)?;

        let what = format!("writing the secrets of {}", place.app);
        let body = json!({
            "location": before.location,
            "properties": { "configuration": { "secrets": list } },
        });
        let accepted = arm::change(host.patch(&place.url()).json(&body), &what)?;
        operation::follow(host, &accepted, &what)?;
        let version = accepted
            .json::<App>()
            .ok()
            .map(|app| app.version().to_owned())
            .filter(|version| !version.is_empty())
            .or_else(|| operation::name(&accepted))
            .unwrap_or_else(|| target.attempt.clone());
        Ok(Receipt::new(location(&place, &names.secret), version))
    }

    fn verify(
        host: &dyn Host,
        target: &Target<Settings>,
        fresh: &Credential,
    ) -> Result<Receipt, Failure> {
        let (settings, place) = (&target.settings, Place::of(&target.settings));
        let app = app::read(host, &place)?;
        app.settled(&place)?;
        let names = containers::names(&app.properties.template.containers, settings, &place.app)?;
        let secrets = secrets::list(host, &place)?;
        secrets.writable(&names.secret, &place)?;
        let (secret, app_name) = (&names.secret, &place.app);
        if !secrets.holds(&names, fresh) || !secrets.knows_id(&names, fresh) {
            let ended = app
                .mishap()
                .map(|state| format!("; the last operation on {app_name} ended with {state}"));
            return Err(Failure::conflict(format!(
                "the secret {secret} of {app_name} is not the one written{}; see who else writes it",
                ended.unwrap_or_default()
            )));
        }
        if let Some(state) = app.mishap() {
            host.warn(&format!(
                "the secret is stored, but the last operation on {app_name} ended with {state}"
            ));
        }
        Ok(Receipt::new(location(&place, secret), app.version()).compared())
    }

    fn restart(
        host: &dyn Host,
        target: &Target<Settings>,
        _: &Receipt,
    ) -> Result<Workload, Failure> {
        let place = Place::of(&target.settings);
        match target.settings.restart {
            Restart::Revision => restart::active(host, &place),
            Restart::NewRevision => restart::anew(host, &place, &target.attempt),
        }
    }

    fn observe(
        host: &dyn Host,
        target: &Target<Settings>,
        restarted: &Workload,
    ) -> Result<Rollout, Failure> {
        restart::observe(host, &Place::of(&target.settings), restarted)
    }
}

fn location(place: &Place, secret: &str) -> String {
    format!("{}/secrets/{secret}", place.id)
}

export_sink!(AzureContainerApps);
