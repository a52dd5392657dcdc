//! The secret as Snowflake describes it: all but its value, which it never shows.

use keyferry_sdk::{Failure, Host, Target};

use crate::identifier;
use crate::settings::Settings;
use crate::sql_api::run;
use crate::statement::DESCRIBE_SECRET;

/// A generic string that exists: the role that owns it.
pub(crate) fn owner(host: &dyn Host, target: &Target<Settings>) -> Result<Option<String>, Failure> {
    let secret = &target.settings.secret;
    let described = run(host, target, &DESCRIBE_SECRET)?;
    let row = described.iter().next().ok_or_else(|| {
        Failure::missing(format!(
            "Snowflake describes {secret} with no row; see the name in the settings"
        ))
    })?;
    let is = ["database_name", "schema_name", "name"].map(|column| row.get(column));
    for (part, own) in identifier::parts(secret).iter().zip(is) {
        // An account may take quoted names without their case.
        if own.is_some_and(|own| !own.eq_ignore_ascii_case(part)) {
            return Err(Failure::rejected(format!(
                "Snowflake describes another secret than {secret}: {}",
                is.map(|own| own.unwrap_or("?")).join(".")
            )));
        }
    }
    match row.get("secret_type").map(str::to_uppercase).as_deref() {
        Some("GENERIC" | "GENERIC_STRING") => Ok(row.get("owner").map(str::to_owned)),
        Some(kind) => Err(Failure::rejected(format!(
            "{secret} is of the type {kind}; a runner's secret is a GENERIC_STRING, so this is another one or was made wrong"
        ))),
        None => Err(Failure::rejected(format!(
            "Snowflake does not say of what type {secret} is"
        ))),
    }
}
