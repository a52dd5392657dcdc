//! Restart by suspending and resuming the service. A suspension takes its time and a sink can't
//! wait, so `restart` begins it and `observe` goes on with the resumption once it has happened;
//! when the service was last resumed tells the new containers from the old ones.

use keyferry_sdk::{Failure, FailureKind, Host, Rollout, RolloutState, Target, Workload};

use crate::settings::Settings;
use crate::sql_api::run;
use crate::statement::{CONTAINERS, DESCRIBE_SERVICE, RESUME, SUSPEND, Statement};

/// The service as Snowflake describes it.
pub(crate) struct Service {
    pub(crate) status: String,
    /// When it was last resumed; `never`, or `unknown` where Snowflake does not say.
    resumed: String,
    current: u32,
    wanted: u32,
    is_job: bool,
}

const UNKNOWN: &str = "unknown";

pub(crate) fn describe(
    host: &dyn Host,
    target: &Target<Settings>,
    name: &str,
) -> Result<Service, Failure> {
    let described = run(host, target, &DESCRIBE_SERVICE)?;
    let row = described.iter().next().ok_or_else(|| {
        Failure::missing(format!(
            "Snowflake describes {name} with no row; see the name in the settings"
        ))
    })?;
    let resumed = match row.has("resumed_on") {
        true => row.get("resumed_on").unwrap_or("never"),
        false => UNKNOWN,
    };
    Ok(Service {
        status: row.get("status").unwrap_or_default().to_uppercase(),
        resumed: resumed.to_owned(),
        current: row.number("current_instances").unwrap_or_default(),
        wanted: row.number("target_instances").unwrap_or_default(),
        is_job: row.get("is_job") == Some("true"),
    })
}

/// What speaks against a restart, and what the operator should know before one.
pub(crate) fn confirm(service: &Service, name: &str) -> Result<Vec<String>, Failure> {
    if service.is_job {
        return Err(Failure::rejected(format!(
            "{name} is a job, which can't be suspended and resumed; name the runner's service"
        )));
    }
    match service.status.as_str() {
        "RUNNING" => Ok(Vec::new()),
        "DELETING" | "DELETED" => Err(Failure::missing(format!("{name} is being dropped"))),
        "SUSPENDED" | "SUSPENDING" => Ok(vec![format!(
            "{name} is suspended; the restart will resume it"
        )]),
        status => Ok(vec![format!("{name} is {status} and not running")]),
    }
}

/// Begins the suspension, unless it has begun.
pub(crate) fn restart(
    host: &dyn Host,
    target: &Target<Settings>,
    name: &str,
) -> Result<Workload, Failure> {
    let before = describe(host, target, name)?;
    let suspended = |service: &Service| service.status.starts_with("SUSPEND");
    if !suspended(&before) {
        settle(host, target, name, &SUSPEND, suspended)?;
    }
    Ok(Workload::new(name, before.resumed))
}

/// How far it has come; resumes it when it is suspended.
pub(crate) fn observe(
    host: &dyn Host,
    target: &Target<Settings>,
    name: &str,
    marker: &str,
) -> Result<Rollout, Failure> {
    let service = describe(host, target, name)?;
    let rollout = |state, detail: String| {
        let ready = match state {
            RolloutState::Complete | RolloutState::Progressing => service.current,
            _ => 0,
        };
        Ok(Rollout::new(state, ready, service.wanted, detail))
    };
    let status = service.status.as_str();
    match status {
        "SUSPENDED" => {
            settle(host, target, name, &RESUME, |now| now.status != "SUSPENDED")?;
            let detail = format!("{name} was suspended and is resumed now");
            return Ok(Rollout::new(
                RolloutState::Progressing,
                0,
                service.wanted,
                detail,
            ));
        }
        "SUSPENDING" => {
            return Ok(Rollout::new(
                RolloutState::Pending,
                0,
                service.wanted,
                format!("{name} is being suspended"),
            ));
        }
        "DELETING" | "DELETED" => {
            return rollout(RolloutState::Failed, format!("{name} is being dropped"));
        }
        _ if service.resumed == marker && marker != UNKNOWN => {
            return rollout(
                RolloutState::Pending,
                format!("{name} is {status}, and not suspended yet"),
            );
        }
        _ => {}
    }
    match status {
        "RUNNING" if service.current >= service.wanted => {
            rollout(RolloutState::Complete, format!("{name} runs anew"))
        }
        "FAILED" | "INTERNAL_ERROR" | "DONE" => rollout(
            RolloutState::Failed,
            format!("{name} is {status}{}", containers(host, target, name)),
        ),
        "PENDING" => rollout(
            RolloutState::Progressing,
            format!("{name} is {status}{}", containers(host, target, name)),
        ),
        _ => rollout(RolloutState::Progressing, format!("{name} is {status}")),
    }
}

/// Runs the statement; where it is refused because what it asks for has happened meanwhile, that
/// is as good.
fn settle(
    host: &dyn Host,
    target: &Target<Settings>,
    name: &str,
    statement: &Statement,
    settled: impl Fn(&Service) -> bool,
) -> Result<(), Failure> {
    match run(host, target, statement) {
        Ok(_) => Ok(()),
        Err(failure) if failure.kind == FailureKind::Rejected => {
            match describe(host, target, name).is_ok_and(|now| settled(&now)) {
                true => Ok(()),
                false => Err(failure),
            }
        }
        Err(failure) => Err(failure),
    }
}

/// What the containers say for themselves; nothing where that can't be asked, as of a service with
/// a quoted name.
fn containers(host: &dyn Host, target: &Target<Settings>, name: &str) -> String {
    if name.contains('"') {
        return String::new();
    }
    let Ok(listed) = run(host, target, &CONTAINERS) else {
        return String::new();
    };
    let says: Vec<String> = listed
        .iter()
        .filter(|row| row.get("status") != Some("READY"))
        .filter_map(|row| Some((row.get("container_name")?, row.get("message")?)))
        .map(|(container, message)| format!("{container}: {message}"))
        .collect();
    match says.is_empty() {
        true => String::new(),
        false => format!(" ({})", says.join("; ")),
    }
}
