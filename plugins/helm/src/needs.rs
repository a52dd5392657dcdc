//! All that this sink may ever ask: one file, and `helm` and `kubectl` with arguments that the
//! settings alone decide, for one release in one namespace.

use keyferry_sdk::{CommandNeed, FileNeed, Manifest};

pub(crate) const VALUES: &str = "values";

pub(crate) const HISTORY: &str = "history";
pub(crate) const LIST: &str = "list";
pub(crate) const CHART: &str = "chart";
pub(crate) const STATUS: &str = "status";
pub(crate) const RELEASED: &str = "released-values";
pub(crate) const DRY_RUN: &str = "dry-run";
pub(crate) const UPGRADE: &str = "upgrade";

pub(crate) const DEPLOYMENTS: &str = "deployments";
pub(crate) const RUNNERS: &str = "runners";
pub(crate) const PODS: &str = "pods";
pub(crate) const MAY_STORE: &str = "may-store";
pub(crate) const MAY_RESTART: &str = "may-restart";
pub(crate) const RESTART: &str = "restart";
pub(crate) const RESTART_NAMED: &str = "restart-named";

/// Where the published chart's values hold secrets; places of other charts are covered as far as
/// they hold the runner's own.
const SECRET_VALUES: [&str; 6] = [
    "/config/oauthClientSecret",
    "/aws/local/secretAccessKey",
    "/azure/servicePrincipal/clientSecret",
    "/scriptRunner/privateKey",
    "/dpcAgent/dpcAgent/env/proxyHttp",
    "/dpcAgent/dpcAgent/env/proxyHttps",
];

/// The runner's whole environment may stand here. Hidden as a list: what is hidden by itself is
/// hidden everywhere from then on, and the runner's id must not be.
const ENVIRONMENT: &str = "/dpcAgent/dpcAgent/env/direct";

/// Objects that `kubectl` shows with what their pods are started with.
const APPLIED: &str =
    "/items/*/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";
const CONTAINERS: &str = "/items/*/spec/template/spec/containers/*";

/// For each Deployment a line of four columns: its name, the ids of its runners, the variable that
/// holds the client secret where a container names it by itself, and the Secret that it names.
const IDENTITIES: &str = "--output=jsonpath={{range .items[*]}}{{.metadata.name}}{{\"\\t\"}}\
    {{.spec.template.spec.containers[*].env[?(@.name==\"AGENT_ID\")].value}}{{\"\\t\"}}\
    {{.spec.template.spec.containers[*].env[?(@.name==\"OAUTH_CLIENT_SECRET\")].name}}{{\"\\t\"}}\
    {{.spec.template.spec.containers[*].env[?(@.name==\"OAUTH_CLIENT_SECRET\")].valueFrom.secretKeyRef.name}}{{\"\\n\"}}{{end}}";

pub(crate) fn manifest() -> Manifest {
    let manifest = Manifest::new(
        "helm",
        env!("CARGO_PKG_VERSION"),
        "A values file that a Helm release is upgraded with, read by the pods of a Deployment",
    )
    .need(
        SECRET_VALUES.iter().fold(
            FileNeed::replace(VALUES, "{values}")
                .carries_secret()
                .reason("to change the one value that holds the runner's secret"),
            |need, place| need.seals(*place),
        ),
    );
    let needs = helm().into_iter().chain(kubectl());
    needs.fold(manifest, Manifest::need)
}

fn helm() -> [CommandNeed; 7] {
    let upgrade = |name, more: &[&str]| {
        let argv = ["upgrade", "{release}", "{chart}", "--namespace={namespace}"];
        let values = ["--values={values}", "--reuse-values={reuse_values}"];
        helm_need(name, &[&argv, &values[..], more].concat())
    };
    [
        helm_need(
            HISTORY,
            &[
                "history",
                "{release}",
                "--namespace={namespace}",
                "--max=1",
                "--output=json",
            ],
        )
        .reason("to see the release's chart and state"),
        helm_need(
            LIST,
            &[
                "list",
                "--namespace={namespace}",
                "--filter=^{release}$",
                "--output=json",
            ],
        )
        .reason("to tell a release that is not there from a cluster that does not answer"),
        CommandNeed::new(CHART, ["helm", "show", "chart", "{chart}"])
            .reason("to see that the chart's folder holds the chart that is installed"),
        documents(helm_need(
            STATUS,
            &[
                "status",
                "{release}",
                "--namespace={namespace}",
                "--output=json",
            ],
        ))
        .reason(
            "to compare the release's values and objects with what an upgrade would make of them",
        ),
        hide_values(
            helm_need(
                RELEASED,
                &[
                    "get",
                    "values",
                    "{release}",
                    "--namespace={namespace}",
                    "--output=json",
                ],
            ),
            "",
        )
        .reason("to see that the release holds what was written"),
        documents(upgrade(DRY_RUN, &["--dry-run=client", "--output=json"]))
            .reason("to see what the upgrade would change, without doing it"),
        upgrade(UPGRADE, &["--description=keyferry {attempt}"])
            .reason("to carry the runner's secret from the file into the cluster"),
    ]
}

fn kubectl() -> [CommandNeed; 7] {
    let hidden = [
        "env",
        "args",
        "command",
        "lifecycle",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
    ];
    let deployments = hidden.iter().fold(
        kubectl_need(DEPLOYMENTS, &["get", "deployments", "--output=json"]),
        |need, place| need.seals(format!("{CONTAINERS}/{place}")),
    );
    [
        deployments
            .seals("/items/*/spec/template/spec/initContainers")
            .seals(APPLIED)
            .reason("to find the runner's Deployment and follow its rollout"),
        kubectl_need(
            RUNNERS,
            &[
                "get",
                "deployments",
                IDENTITIES,
            ],
        )
        .reason("to confirm that the Deployment is this runner's, and where its secret comes from"),
        kubectl_need(
            PODS,
            &["get", "replicasets,pods", "--selector=app.kubernetes.io/instance={release}", "--output=json"],
        )
        .seals("/items/*/spec")
        .seals(APPLIED)
        .reason("to tell new pods from old ones, and why one does not start"),
        kubectl_need(MAY_STORE, &["auth", "can-i", "update", "secrets"])
            .reason("to know whether the identity in use may write the release and its Secret"),
        kubectl_need(MAY_RESTART, &["auth", "can-i", "patch", "deployments.apps"])
            .reason("to know whether the identity in use may restart the runner"),
        kubectl_need(
            RESTART,
            &[
                "rollout",
                "restart",
                "deployment",
                "--selector=app.kubernetes.io/instance={release},app notin ({release}-script-runner-pods,{release}-matillion-runner-script-runner-pods,{release}-matillion-agent-script-runner-pods)",
            ],
        )
        .reason("to restart the runner, where its Deployment is found by the release's labels"),
        kubectl_need(RESTART_NAMED, &["rollout", "restart", "deployment/{deployment}"])
            .reason("to restart the runner, where the settings name its Deployment"),
    ]
}

/// The labels that [`RESTART`] leaves out: the script runner reads no client secret.
pub(crate) fn is_script_runner(app: &str, release: &str) -> bool {
    ["", "-matillion-runner", "-matillion-agent"]
        .iter()
        .any(|chart| app == format!("{release}{chart}-script-runner-pods"))
}

fn helm_need(name: &str, argv: &[&str]) -> CommandNeed {
    let argv = ["helm"]
        .iter()
        .chain(argv)
        .chain(&["--kube-context={kube_context}"]);
    CommandNeed::new(name, argv.copied())
}

fn kubectl_need(name: &str, argv: &[&str]) -> CommandNeed {
    let place = ["--namespace={namespace}", "--context={kube_context}"];
    let argv = ["kubectl"].iter().chain(argv).chain(&place);
    CommandNeed::new(name, argv.copied())
}

/// Hides what a release's document shows besides its values, and the secrets among these.
fn documents(need: CommandNeed) -> CommandNeed {
    let whole = [
        "/manifest",
        "/hooks",
        "/chart",
        "/info/notes",
        "/info/resources",
    ];
    hide_values(whole.into_iter().fold(need, CommandNeed::seals), "/config")
}

fn hide_values(need: CommandNeed, root: &str) -> CommandNeed {
    let places = SECRET_VALUES.iter().chain([&ENVIRONMENT]);
    places.fold(need, |need, place| need.seals(format!("{root}{place}")))
}
