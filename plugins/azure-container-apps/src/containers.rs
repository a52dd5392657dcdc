//! The containers of a template, which say what the runner reads when it starts: from which secret,
//! and as which runner.

use std::collections::BTreeSet;

use keyferry_sdk::{Failure, Target};
use serde::Deserialize;

use crate::arm::nullable;
use crate::settings::Settings;

const SECRET: &str = "OAUTH_CLIENT_SECRET";
const ID: &str = "OAUTH_CLIENT_ID";
const RUNNER: &str = "AGENT_ID";

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Container {
    #[serde(deserialize_with = "nullable")]
    pub(crate) name: String,
    #[serde(deserialize_with = "nullable")]
    image: String,
    #[serde(deserialize_with = "nullable")]
    env: Vec<Variable>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Variable {
    name: String,
    value: Option<String>,
    secret_ref: Option<String>,
}

/// The names of the secrets that a runner reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Names {
    /// Holds the client secret.
    pub(crate) secret: String,
    /// Holds the client id, where that is a secret of the app too.
    pub(crate) id: Option<String>,
}

impl Container {
    fn variable(&self, name: &str) -> Option<&Variable> {
        self.env.iter().find(|variable| variable.name == name)
    }

    fn reference(&self, name: &str) -> Option<&str> {
        self.variable(name)?
            .secret_ref
            .as_deref()
            .filter(|reference| !reference.is_empty())
    }

    fn value(&self, name: &str) -> Option<&str> {
        let variable = self.variable(name)?;
        variable
            .value
            .as_deref()
            .filter(|_| self.reference(name).is_none())
    }
}

fn readers(containers: &[Container]) -> impl Iterator<Item = &Container> {
    containers
        .iter()
        .filter(|container| container.variable(SECRET).is_some())
}

/// The secrets that these containers read. `of` names what they belong to.
pub(crate) fn names(
    containers: &[Container],
    settings: &Settings,
    of: &str,
) -> Result<Names, Failure> {
    let Some(reader) = readers(containers).next() else {
        return Err(Failure::rejected(format!(
            "no container of {of} reads {SECRET}; see that app names the runner's own container app"
        )));
    };
    let plain = readers(containers).find(|container| container.reference(SECRET).is_none());
    if let Some(Container { name, .. }) = plain {
        return Err(Failure::rejected(format!(
            "{SECRET} of container {name} stands in the template itself; make it a secret of the app and refer to that"
        )));
    }
    let read: BTreeSet<&str> = readers(containers)
        .filter_map(|container| container.reference(SECRET))
        .collect();
    let found = match (&settings.secret, read.len()) {
        (None, 1) => reader.reference(SECRET).unwrap_or_default(),
        (Some(secret), 1) if read.contains(secret.as_str()) => secret,
        _ => {
            let read: Vec<&str> = read.into_iter().collect();
            let wanted = settings.secret.as_deref().unwrap_or("one secret alone");
            return Err(Failure::rejected(format!(
                "{SECRET} of {of} is read from {}, not from {wanted}",
                read.join(" and ")
            )));
        }
    };
    Ok(Names {
        secret: found.to_owned(),
        id: readers(containers)
            .find_map(|container| container.reference(ID))
            .map(str::to_owned),
    })
}

/// Whether this is the runner; what can't be seen is a warning.
pub(crate) fn confirm(
    containers: &[Container],
    target: &Target<Settings>,
    client_id: &str,
) -> Result<Vec<String>, Failure> {
    let mut warnings = Vec::new();
    for container in readers(containers) {
        let Container { name, image, .. } = container;
        match container.value(RUNNER) {
            Some(id) if id.eq_ignore_ascii_case(&target.runner_id) => {}
            Some(id) => {
                return Err(Failure::rejected(format!(
                    "container {name} is the runner {id}, not {}; see app and the runner's id",
                    target.runner_id
                )));
            }
            None => warnings.push(format!(
                "whether container {name} is the runner {} can't be confirmed: the template does not show {RUNNER}",
                target.runner_id
            )),
        }
        if let Some(id) = container.value(ID).filter(|id| *id != client_id) {
            return Err(Failure::rejected(format!(
                "{ID} of container {name} is {id} in the template, but the runner's is {client_id}; it could not sign in"
            )));
        }
        if !image.contains("@sha256:") {
            warnings.push(format!(
                "container {name} runs {image}, a tag that can move"
            ));
        }
    }
    Ok(warnings)
}
