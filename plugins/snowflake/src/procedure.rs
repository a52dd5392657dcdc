//! Restart by a procedure that the operator names. What it does is the operator's, so all that can
//! be followed is whether it came to its end.

use keyferry_sdk::{Failure, Host, Rollout, RolloutState, Target, Workload};

use crate::settings::Settings;
use crate::sql_api::{self, Standing};
use crate::statement::{CALL, DESCRIBE_PROCEDURE};

/// That there is such a procedure without arguments.
pub(crate) fn confirm(host: &dyn Host, target: &Target<Settings>) -> Result<(), Failure> {
    sql_api::run(host, target, &DESCRIBE_PROCEDURE).map(drop)
}

/// Calls it; the handle of that statement is the marker.
pub(crate) fn call(
    host: &dyn Host,
    target: &Target<Settings>,
    name: &str,
) -> Result<Workload, Failure> {
    let handle = sql_api::start(host, target, &CALL)?;
    Ok(Workload::new(format!("{name}()"), handle))
}

/// How far the call has come; the instances behind it can't be seen.
pub(crate) fn observe(
    host: &dyn Host,
    target: &Target<Settings>,
    name: &str,
    handle: &str,
) -> Result<Rollout, Failure> {
    Ok(match sql_api::standing(host, target, &CALL, handle)? {
        Standing::Running => Rollout::new(
            RolloutState::Progressing,
            0,
            0,
            format!("{name}() is running"),
        ),
        Standing::Done => Rollout::unseen(format!(
            "{name}() is done; whether the runner started anew shows when it connects"
        )),
        Standing::Failed(why) => Rollout::new(RolloutState::Failed, 0, 0, why),
    })
}
