//! The Deployment that runs the runner: found, confirmed to be the runner's own, and restarted.

use keyferry_sdk::{Failure, Host, Target, Workload};

use crate::needs::{DEPLOYMENTS, MAY_RESTART, RESTART, RESTART_NAMED, RUNNERS, is_script_runner};
use crate::objects::{Deployment, List};
use crate::program::{self, unread};
use crate::settings::Settings;

/// Every Deployment of the namespace.
pub(crate) fn all(host: &dyn Host, settings: &Settings) -> Result<Vec<Deployment>, Failure> {
    let what = format!("`kubectl get deployments` in {}", settings.namespace);
    let list: Result<List<Deployment>, _> = program::document(host, DEPLOYMENTS, &what)?;
    list.map(|list| list.items)
        .map_err(|ended| unread(host, settings, &ended))
}

/// The one that is restarted: the one named, or the only one that the labels lead to.
pub(crate) fn find(all: Vec<Deployment>, settings: &Settings) -> Result<Deployment, Failure> {
    let Settings {
        release, namespace, ..
    } = settings;
    if let Some(name) = &settings.deployment {
        let mut found = all
            .into_iter()
            .filter(|deployment| deployment.metadata.name == *name);
        return found.next().ok_or_else(|| {
            Failure::missing(format!(
                "there is no Deployment {name} in the namespace {namespace}; see `deployment` and `namespace`"
            ))
        });
    }
    let ours = |deployment: &Deployment| {
        let metadata = &deployment.metadata;
        metadata.label("app.kubernetes.io/instance") == release
            && !is_script_runner(metadata.label("app"), release)
    };
    let mut found: Vec<Deployment> = all.into_iter().filter(ours).collect();
    match (found.pop(), found.as_slice()) {
        (Some(only), []) => Ok(only),
        (None, _) => Err(Failure::missing(format!(
            "no Deployment in the namespace {namespace} has the label app.kubernetes.io/instance={release}; name the runner's by `deployment`"
        ))),
        (Some(last), others) => {
            let names = others
                .iter()
                .chain([&last])
                .map(|one| one.metadata.name.as_str());
            Err(Failure::rejected(format!(
                "the release {release} has several Deployments ({}); name the runner's by `deployment`",
                names.collect::<Vec<_>>().join(", ")
            )))
        }
    }
}

/// What speaks against a restart is a failure; what can't be confirmed is a warning.
pub(crate) fn confirm(
    host: &dyn Host,
    deployment: &Deployment,
    target: &Target<Settings>,
) -> Result<Vec<String>, Failure> {
    let (name, spec) = (&deployment.metadata.name, &deployment.spec);
    let mut warnings = Vec::new();
    if name.ends_with("-script-runner") {
        return Err(Failure::rejected(format!(
            "{name} is the script runner, which does not read the secret; name the runner's own Deployment"
        )));
    }
    confirm_identity(host, name, target, &mut warnings)?;
    if spec.paused {
        return Err(Failure::rejected(format!(
            "the Deployment {name} is paused, so no restart takes effect; `kubectl rollout resume deployment/{name}` first"
        )));
    }
    let namespace = &target.settings.namespace;
    match program::may(host, MAY_RESTART)? {
        Some(true) => {}
        Some(false) => {
            return Err(Failure::denied(format!(
                "the identity in use may not patch Deployments in the namespace {namespace}, which a restart does"
            )));
        }
        None => warnings.push(format!(
            "whether the identity in use may restart {name} can't be confirmed: `kubectl auth can-i` does not say"
        )),
    }
    if spec.replicas == 0 {
        warnings.push(format!(
            "{name} wants 0 pods: there is nothing to restart, and the runner will not connect"
        ));
    }
    let status = &deployment.status;
    if status.observed_generation < deployment.metadata.generation
        || status.updated_replicas < spec.replicas
        || status.replicas > status.updated_replicas
    {
        warnings.push(format!(
            "a rollout of {name} is under way; the restart will replace it"
        ));
    }
    for container in &spec.template.spec.containers {
        if !container.image.contains("@sha256:") {
            warnings.push(format!(
                "the restart may also upgrade the runner: container {} runs {}, a tag that can move",
                container.name, container.image
            ));
        }
    }
    Ok(warnings)
}

/// A line of [`RUNNERS`].
struct Identity<'a> {
    name: &'a str,
    runners: Vec<&'a str>,
    /// Whether a container names the variable of the client secret by itself.
    own: bool,
    secrets: &'a str,
}

impl<'a> Identity<'a> {
    fn parse(line: &'a str) -> Self {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        Self {
            name: next(),
            runners: next().split_whitespace().collect(),
            own: !next().is_empty(),
            secrets: next(),
        }
    }

    fn is(&self, runner_id: &str) -> bool {
        self.runners
            .iter()
            .any(|id| id.eq_ignore_ascii_case(runner_id))
    }
}

fn confirm_identity(
    host: &dyn Host,
    name: &str,
    target: &Target<Settings>,
    warnings: &mut Vec<String>,
) -> Result<(), Failure> {
    let (settings, runner_id) = (&target.settings, &target.runner_id);
    let what = format!("`kubectl get deployments` in {}", settings.namespace);
    let text =
        program::run(host, RUNNERS, &what)?.map_err(|ended| unread(host, settings, &ended))?;
    let all: Vec<Identity<'_>> = text.lines().map(Identity::parse).collect();
    let found = all.iter().find(|identity| identity.name == name);
    match found {
        Some(found) if found.is(runner_id) => {}
        Some(found) if !found.runners.is_empty() => {
            let other = all.iter().find(|other| other.is(runner_id));
            let hint = other.map_or("see `release` and the runner's id".to_owned(), |other| {
                format!("that one is run by {}", other.name)
            });
            return Err(Failure::rejected(format!(
                "the Deployment {name} runs the runner {}, not {runner_id}; {hint}",
                found.runners.join(", ")
            )));
        }
        _ => warnings.push(format!(
            "whether {name} is the runner {runner_id} can't be confirmed: it does not show AGENT_ID"
        )),
    }
    if let Some(found) = found.filter(|found| found.own) {
        let from = match found.secrets {
            "" => "the Deployment itself".to_owned(),
            secrets => format!("the Secret {secrets}"),
        };
        warnings.push(format!(
            "{name} reads OAUTH_CLIENT_SECRET from {from}; see that the chart fills it from {}",
            settings.key
        ));
    }
    Ok(())
}

/// Restarts it, and says what tells its new pods from the old ones.
pub(crate) fn restart(host: &dyn Host, settings: &Settings) -> Result<Workload, Failure> {
    // Read right before, since the labels may lead elsewhere by now.
    let before = find(all(host, settings)?, settings)?;
    let name = &before.metadata.name;
    let need = match settings.deployment {
        Some(_) => RESTART_NAMED,
        None => RESTART,
    };
    let what = format!("`kubectl rollout restart` of the Deployment {name}");
    let ended = program::run(host, need, &what)?.err();
    let mut after = all(host, settings).map_err(|failure| {
        Failure::uncertain(format!(
            "the restart was asked for, but: {}",
            failure.message
        ))
    })?;
    after.retain(|deployment| deployment.metadata.name == *name);
    let after = find(after, settings)?;
    // The annotation says whether it took effect, whatever the program said.
    let marker = after.spec.template.metadata.restarted_at();
    if marker != before.spec.template.metadata.restarted_at() {
        return Ok(Workload::new(
            format!("{}/{name}", settings.namespace),
            marker,
        ));
    }
    Err(match (ended, program::may(host, MAY_RESTART)?) {
        (Some(ended), Some(false)) => ended.failure(
            Failure::denied,
            "the identity in use may not patch Deployments",
        ),
        (Some(ended), _) => ended.failure(Failure::unavailable, "the restart can be repeated"),
        (None, _) => Failure::unavailable(format!(
            "{name} was restarted by someone else in the very same second, so this restart is not told from that one; it will be repeated"
        )),
    })
}
