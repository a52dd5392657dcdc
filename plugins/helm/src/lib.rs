//! The sink for runners installed by Helm, on GKE, EKS or AKS: the secret is one value of a values
//! file, an upgrade of the release carries it into the cluster, and a rollout restart makes the
//! pods read it. The published chart has no checksum annotation, so without the restart they never
//! would.
//!
//! This file has the five steps in order; what they read and decide is in the modules.

mod deployment;
mod difference;
mod file;
mod key;
mod needs;
mod objects;
mod program;
mod release;
mod rollout;
mod settings;
#[cfg(test)]
mod tests;
mod yaml;

use keyferry_sdk::{
    Credential, Currency, Failure, Host, Manifest, Plan, Receipt, Rollout, Sink, Target, Workload,
    export_sink,
};

use file::{File, Held};
use key::Key;
use release::{Release, Revision};
pub use settings::Settings;

/// A values file, a Helm release, and the Deployment that runs the runner.
pub struct Helm;

impl Sink for Helm {
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
        let Settings {
            release,
            namespace,
            values,
            key,
            ..
        } = settings;
        let file = File::read(host)?;
        let held = file.held(settings)?;
        let revision = release::latest(host, settings)?;
        revision.confirm(settings)?;
        revision.confirm_chart(host, settings)?;
        let (released, upgraded) = (
            release::current(host, settings)?,
            release::upgraded(host, settings)?,
        );
        confirm_upgrade(&released, &upgraded, settings)?;
        let deployment = deployment::find(deployment::all(host, settings)?, settings)?;
        let mut warnings = deployment::confirm(host, &deployment, target)?;

        let stored = currency(&held, &released, current, settings);
        warnings.extend(compare(&held, &released, &upgraded, current, settings));
        let plan = Plan::new(location(settings), stored)
            .step(format!(
                "replace the value of {key} in {values}, and no other byte"
            ))
            .step(format!(
                "upgrade the release {release} in {namespace} with it, from revision {}",
                revision.revision
            ))
            .step(format!(
                "restart the Deployment {}, {} pods",
                deployment.metadata.name, deployment.spec.replicas
            ));
        Ok(warnings.into_iter().fold(plan, Plan::warning))
    }

    fn write(
        host: &dyn Host,
        target: &Target<Settings>,
        fresh: &Credential,
    ) -> Result<Receipt, Failure> {
        let settings = &target.settings;
        let file = File::read(host)?;
        let text = file.held(settings)?.with(fresh, settings)?;
        file.replace(host, &text)?;
        let revision = release::upgrade(host, settings)?;
        Ok(receipt(settings, &revision))
    }

    fn verify(
        host: &dyn Host,
        target: &Target<Settings>,
        fresh: &Credential,
    ) -> Result<Receipt, Failure> {
        let settings = &target.settings;
        let Settings {
            release, namespace, ..
        } = settings;
        if !File::read(host)?.held(settings)?.is(fresh) {
            return Err(Failure::conflict(format!(
                "{} holds another credential than the one written; see who else writes it",
                location(settings)
            )));
        }
        let values = release::values(host, settings)?;
        let revision = release::latest(host, settings)?;
        if revision.is_pending() {
            return Err(Failure::unavailable(revision.pending(settings)));
        }
        match revision.is_deployed() && release::hold(&values, fresh, settings) {
            true => Ok(receipt(settings, &revision).compared()),
            false => Err(Failure::conflict(format!(
                "revision {} of the release {release} in {namespace} ({}) does not hold the credential that {} holds; see who else upgrades it",
                revision.revision, revision.status, settings.values
            ))),
        }
    }

    fn restart(
        host: &dyn Host,
        target: &Target<Settings>,
        _: &Receipt,
    ) -> Result<Workload, Failure> {
        deployment::restart(host, &target.settings)
    }

    fn observe(
        host: &dyn Host,
        target: &Target<Settings>,
        restarted: &Workload,
    ) -> Result<Rollout, Failure> {
        rollout::observe(host, target, restarted)
    }
}

fn location(settings: &Settings) -> String {
    format!("{}#{}", settings.values, settings.key)
}

fn receipt(settings: &Settings, revision: &Revision) -> Receipt {
    Receipt::new(location(settings), revision.name())
}

/// Whether the upgrade would change nothing but the credential.
fn confirm_upgrade(
    released: &Release,
    upgraded: &Release,
    settings: &Settings,
) -> Result<(), Failure> {
    let credential = [Key::parse(&settings.key), Key::parse(&settings.id_key)];
    let places = difference::places(&released.config, &upgraded.config, &credential);
    if places.is_empty() {
        return Ok(());
    }
    let Settings {
        release, values, ..
    } = settings;
    let advice = match settings.reuse_values {
        true => format!("take out of {values} what the release has another value for"),
        false => format!(
            "put the release's own values (`helm get values {release}`) into {values}, or, if they were given by `--set`, let `values` name a file that holds the credential alone and set `reuse_values`"
        ),
    };
    Err(Failure::rejected(format!(
        "an upgrade of the release {release} with {values} would change more than the credential: {}; {advice}",
        difference::named(&places)
    )))
}

fn currency(
    held: &Held<'_>,
    released: &Release,
    current: &Credential,
    settings: &Settings,
) -> Currency {
    match held.is(current) && release::hold(&released.config, current, settings) {
        true => Currency::Current,
        false if held.is_empty() => Currency::Absent,
        false => Currency::Stale,
    }
}

/// What the operator should know of how file, release and chart compare.
fn compare(
    held: &Held<'_>,
    released: &Release,
    upgraded: &Release,
    current: &Credential,
    settings: &Settings,
) -> Vec<String> {
    let Settings {
        release,
        values,
        chart,
        ..
    } = settings;
    let mut warnings = Vec::new();
    let (file, cluster) = (
        held.is(current),
        release::hold(&released.config, current, settings),
    );
    match (file, cluster) {
        (true, false) => warnings.push(format!(
            "{values} holds the live credential, but the release {release} does not; an upgrade was missed"
        )),
        (false, true) => warnings.push(format!(
            "the release {release} holds the live credential, but {values} does not; it was upgraded from somewhere else, and that place will be out of date"
        )),
        (true, true) if !release::same_objects(released, upgraded) => warnings.push(format!(
            "{chart} renders the objects of the release {release} otherwise than they were installed (a chart that was edited, or another version of helm), so the upgrade may change them"
        )),
        _ => {}
    }
    if !held.has_id() {
        warnings.push(format!(
            "{values} has no {}: a client id that changes would not reach the runner",
            settings.id_key
        ));
    }
    warnings
}

export_sink!(Helm);
