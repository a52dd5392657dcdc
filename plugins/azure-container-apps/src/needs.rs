//! All that this sink may ever ask of Azure. Every path is the one app's own, but for the state of
//! the operations that Azure began for it.

use keyferry_sdk::{HttpNeed, Manifest};

use crate::arm::{API_VERSION, HOST};

/// Plain values of environment variables, which may be secrets of others.
const VARIABLES: [&str; 2] = ["containers/*/env/*/value", "initContainers/*/env/*/value"];

pub(crate) fn manifest() -> Manifest {
    let app = format!(
        "{HOST}/subscriptions/{{subscription}}/resourceGroups/{{resource_group}}/providers/Microsoft.App/containerApps/{{app}}"
    );
    let version = format!("api-version={API_VERSION}");
    Manifest::new(
        "azure-container-apps",
        env!("CARGO_PKG_VERSION"),
        "The secrets of an Azure Container App",
    )
    // The variables stay readable here alone: one of them says which runner the app is.
    .need(
        HttpNeed::get(format!("{app}?{version}"))
            .auth("azure")
            .seals("/properties/configuration/secrets/*/value")
            .reason("to confirm that the app is this runner's, see which secret it reads, and notice other writers"),
    )
    .need(
        HttpNeed::post(format!("{app}/listSecrets?{version}"))
            .auth("azure")
            .seals("/value/*/value")
            .reason("to change one secret and write the others back as they are, and to read back what was written"),
    )
    .need(
        app_answer(HttpNeed::patch(format!("{app}?{version}")))
            .body("/location", "*")
            .body("/properties/configuration/secrets", "*")
            .auth("azure")
            .carries_secret()
            .reason("to store the runner's secret"),
    )
    .need(
        app_answer(HttpNeed::patch(format!("{app}?{version}")))
            .body("/location", "*")
            .body("/properties/template/revisionSuffix", "*")
            .auth("azure")
            .reason("to start a new revision of the same template, if `restart` is `new-revision`"),
    )
    .need(
        without_variables(HttpNeed::get(format!("{app}/revisions?*")), "/value/*")
            .auth("azure")
            .reason("to find the active revisions"),
    )
    .need(
        without_variables(HttpNeed::get(format!("{app}/revisions/*?{version}")), "")
            .auth("azure")
            .reason("to tell new replicas from old ones"),
    )
    .need(
        HttpNeed::post(format!("{app}/revisions/*?{version}"))
            .auth("azure")
            .reason("to restart the active revisions"),
    )
    .need(
        app_answer(HttpNeed::get(format!(
            "{HOST}/subscriptions/{{subscription}}/providers/Microsoft.App/locations/*?*"
        )))
        .auth("azure")
        .reason("to see how an operation that Azure began has ended"),
    )
}

/// The answer may be the app.
fn app_answer(need: HttpNeed) -> HttpNeed {
    without_variables(need, "").seals("/properties/configuration/secrets/*/value")
}

fn without_variables(need: HttpNeed, at: &str) -> HttpNeed {
    VARIABLES.iter().fold(need, |need, variables| {
        need.seals(format!("{at}/properties/template/{variables}"))
    })
}
