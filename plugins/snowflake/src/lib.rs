//! The sink for runners in Snowflake: the secret is a Snowflake object that no statement shows,
//! and the runner is a service of containers that read it when they start.
//!
//! This file has the five steps in order; what they read and decide is in the modules.

mod errors;
mod grants;
mod identifier;
mod needs;
mod procedure;
mod rows;
mod secret;
mod service;
mod settings;
mod sql_api;
mod statement;
#[cfg(test)]
mod tests;

use keyferry_sdk::{
    Credential, Currency, Encoding, Failure, Host, Manifest, Plan, Receipt, Rollout, Sink, Target,
    Workload, export_sink,
};

use settings::Way;
pub use settings::{Restart, Settings};

/// A Snowflake secret, read by a Snowpark container service.
pub struct Snowflake;

impl Sink for Snowflake {
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
        let way = settings.way()?;
        let (secret, role) = (&settings.secret, &settings.role);
        let owner = secret::owner(host, target)?;
        let mut warnings = Vec::new();
        if owner.as_ref().is_some_and(|owner| owner != role) {
            warnings.push(format!(
                "{secret} is owned by {} and not by {role}, which may alter it only if it has that role; a rehearsal shows it",
                owner.unwrap_or_default()
            ));
        }
        warnings.extend(grants::on_secret(host, target)?);
        warnings.push(format!(
            "nothing in Snowflake says that the runner reads {secret}, and its value is never shown: the connection after the restart is the only proof"
        ));
        warnings.push(format!(
            "only the client secret is stored here; the client id {} is in the configuration of the runner's app",
            current.client_id
        ));
        let restart = match way {
            Way::Service(name) => {
                let service = service::describe(host, target, name)?;
                warnings.extend(service::confirm(&service, name)?);
                warnings.extend(grants::on_service(host, target, name)?);
                format!("suspend {name}, and resume it once it is")
            }
            Way::Call(name) => {
                procedure::confirm(host, target)?;
                format!("call {name}()")
            }
            Way::ByHand => "wait until you restarted the runner by hand".to_owned(),
        };
        let plan = Plan::new(settings.location(), Currency::Unreadable)
            .step(format!(
                "ALTER SECRET {secret} SET SECRET_STRING, every grant staying as it is"
            ))
            .step(restart);
        Ok(warnings.into_iter().fold(plan, Plan::warning))
    }

    fn write(
        host: &dyn Host,
        target: &Target<Settings>,
        fresh: &Credential,
    ) -> Result<Receipt, Failure> {
        let token = fresh.client_secret.token(&[Encoding::Sql, Encoding::Json]);
        sql_api::run_with(host, target, &statement::STORE, &token)?;
        Ok(receipt(target))
    }

    /// The value can't be read back, so this says only that the secret is still there and still of
    /// its type, and that nothing was compared.
    fn verify(
        host: &dyn Host,
        target: &Target<Settings>,
        _: &Credential,
    ) -> Result<Receipt, Failure> {
        secret::owner(host, target)?;
        Ok(receipt(target))
    }

    fn restart(
        host: &dyn Host,
        target: &Target<Settings>,
        _: &Receipt,
    ) -> Result<Workload, Failure> {
        match target.settings.way()? {
            Way::Service(name) => service::restart(host, target, name),
            Way::Call(name) => procedure::call(host, target, name),
            Way::ByHand => Ok(Workload::new("the runner", "by hand")),
        }
    }

    fn observe(
        host: &dyn Host,
        target: &Target<Settings>,
        restarted: &Workload,
    ) -> Result<Rollout, Failure> {
        match target.settings.way()? {
            Way::Service(name) => service::observe(host, target, name, &restarted.marker),
            Way::Call(name) => procedure::observe(host, target, name, &restarted.marker),
            Way::ByHand => Ok(Rollout::unseen(
                "restart the runner now, in Snowsight or by its provider's page: it reads the new secret only when its containers start",
            )),
        }
    }
}

/// A secret has no versions; the attempt is the id under which Snowflake took the statement.
fn receipt(target: &Target<Settings>) -> Receipt {
    Receipt::new(target.settings.location(), target.attempt.clone())
}

export_sink!(Snowflake);
