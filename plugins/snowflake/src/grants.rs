//! Who may do what with an object, told from its list of grants. What can't be told from it is a
//! warning and no failure: a right may come by a role that is granted to the role.

use keyferry_sdk::{Failure, FailureKind, Host, Target};

use crate::rows::Rows;
use crate::settings::Settings;
use crate::sql_api::run;
use crate::statement::{SECRET_GRANTS, SERVICE_GRANTS, Statement};

/// The grants on the secret: the warnings.
pub(crate) fn on_secret(
    host: &dyn Host,
    target: &Target<Settings>,
) -> Result<Vec<String>, Failure> {
    let secret = &target.settings.secret;
    let grants = match listed(host, target, &SECRET_GRANTS)? {
        Ok(grants) => grants,
        Err(warning) => return Ok(vec![warning]),
    };
    let applications = |privileges: &[&str]| {
        let mut names: Vec<&str> = grants
            .iter()
            .filter(|row| row.get("granted_to") == Some("APPLICATION"))
            .filter(|row| {
                row.get("privilege")
                    .is_some_and(|own| privileges.contains(&own))
            })
            .filter_map(|row| row.get("grantee_name"))
            .collect();
        names.dedup();
        names
    };
    let owners = applications(&["OWNERSHIP"]);
    let (users, readers) = (applications(&["USAGE"]), applications(&["READ"]));
    if !owners.is_empty() || users.iter().any(|user| readers.contains(user)) {
        return Ok(Vec::new());
    }
    let lacks = match (users.first(), readers.first()) {
        (None, None) => format!(
            "no application may read {secret}: the runner needs USAGE and READ on it, unless it reads it otherwise"
        ),
        (Some(name), _) => format!(
            "the application {name} has USAGE on {secret} but not READ; newer releases of the runner need both"
        ),
        (None, Some(name)) => {
            format!(
                "the application {name} has READ on {secret} but not USAGE; the runner needs both"
            )
        }
    };
    Ok(vec![lacks])
}

/// The grants on the service: the warnings.
pub(crate) fn on_service(
    host: &dyn Host,
    target: &Target<Settings>,
    service: &str,
) -> Result<Vec<String>, Failure> {
    let role = &target.settings.role;
    let grants = match listed(host, target, &SERVICE_GRANTS)? {
        Ok(grants) => grants,
        Err(warning) => return Ok(vec![warning]),
    };
    let operates = grants.iter().any(|row| {
        row.get("granted_to") == Some("ROLE")
            && row.get("grantee_name") == Some(role)
            && matches!(row.get("privilege"), Some("OPERATE" | "OWNERSHIP"))
    });
    let warning = || {
        format!(
            "the role {role} is not granted OPERATE on {service} itself; unless it has it by another role, the restart will be refused"
        )
    };
    Ok((!operates).then(warning).into_iter().collect())
}

/// The list, or the warning that it is not to be had.
fn listed(
    host: &dyn Host,
    target: &Target<Settings>,
    statement: &Statement,
) -> Result<Result<Rows, String>, Failure> {
    match run(host, target, statement) {
        Ok(grants) => Ok(Ok(grants)),
        Err(failure) if failure.kind == FailureKind::Unavailable => Err(failure),
        Err(failure) => Ok(Err(format!(
            "the grants could not be looked at: {}",
            failure.message
        ))),
    }
}
