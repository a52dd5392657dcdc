//! All that this sink may ever ask of Snowflake: one need a statement, each to the letter, so that
//! even an administrator's role can be used for nothing else.

use keyferry_sdk::{HttpNeed, Manifest};

use crate::statement::{
    self, CALL, CONTAINERS, DESCRIBE_PROCEDURE, DESCRIBE_SECRET, DESCRIBE_SERVICE, RESUME,
    SECRET_GRANTS, SERVICE_GRANTS, STORE, SUSPEND, Statement,
};

pub(crate) fn manifest() -> Manifest {
    let because =
        |statement: &Statement, reason: &str| -> HttpNeed { statement.need().reason(reason) };
    Manifest::new(
        "snowflake",
        env!("CARGO_PKG_VERSION"),
        "a Snowflake secret, read by a Snowpark container service",
    )
    .need(because(
        &STORE,
        "to store the runner's secret, every grant staying as it is",
    ))
    .need(because(
        &DESCRIBE_SECRET,
        "to see that the secret exists and of what kind it is; its value is never shown",
    ))
    .need(because(
        &SECRET_GRANTS,
        "to see whether an application may read the secret",
    ))
    .need(because(
        &DESCRIBE_SERVICE,
        "to follow the restart of the service",
    ))
    .need(because(
        &SERVICE_GRANTS,
        "to see whether the role may restart the service",
    ))
    .need(because(
        &CONTAINERS,
        "to say why a container of the service does not start",
    ))
    .need(because(
        &SUSPEND,
        "to stop the runner, the first half of a restart",
    ))
    .need(because(
        &RESUME,
        "to start the runner, the second half of a restart",
    ))
    .need(because(
        &DESCRIBE_PROCEDURE,
        "to see that the procedure exists",
    ))
    .need(
        because(&CALL, "to restart the runner by your procedure").body("/warehouse", "{warehouse}"),
    )
    .need(because(&CALL, "the same where no warehouse is named"))
    .need(statement::progress_need().reason("to ask how a statement stands that takes its time"))
}
