//! What the operator configures for a runner of this kind. Names go into SQL as they are written
//! here, so the patterns let nothing through but three identifiers with dots between them.

use keyferry_sdk::Failure;
use schemars::JsonSchema;
use serde::Deserialize;

/// `DATABASE.SCHEMA.NAME`, each part plain or in double quotes.
const NAME: &str = r#"^([A-Za-z_][A-Za-z0-9_$]*|"([^"\x00-\x1f\x7f]|"")+")(\.([A-Za-z_][A-Za-z0-9_$]*|"([^"\x00-\x1f\x7f]|"")+")){2}$"#;

/// Where the runner's secret is, and how the runner is made to read it again.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The account as its address has it, `myorg-account1` say; `-` where the name has `_`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9][A-Za-z0-9-]*)*$"))]
    pub account: String,
    /// The secret as `DATABASE.SCHEMA.NAME`; a part in double quotes is taken to the letter.
    #[schemars(regex(pattern = NAME), length(max = 780))]
    pub secret: String,
    /// The role to act as, spelled as SHOW ROLES lists it: one that owns the secret.
    #[schemars(regex(pattern = r#"^[^"\x00-\x1f\x7f]+$"#), length(max = 255))]
    pub role: String,
    /// The warehouse for the procedure, spelled as SHOW WAREHOUSES lists it. Nothing else needs one.
    #[schemars(regex(pattern = r#"^[^"\x00-\x1f\x7f]+$"#), length(min = 1, max = 255))]
    pub warehouse: Option<String>,
    /// How the runner is restarted.
    pub restart: Restart,
    /// The service to suspend and resume, as `DATABASE.SCHEMA.NAME`; for `restart = "service"`.
    #[schemars(regex(pattern = NAME), length(max = 780))]
    pub service: Option<String>,
    /// The procedure to call, as `DATABASE.SCHEMA.NAME`, without arguments and safe to call twice;
    /// for `restart = "call"`.
    #[schemars(regex(pattern = NAME), length(max = 780))]
    pub procedure: Option<String>,
}

/// How the runner is made to read the secret again.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Restart {
    /// The service is suspended, and resumed once it is.
    Service,
    /// A procedure is called.
    Call,
    /// The operator restarts it by hand.
    None,
}

/// The way to restart, with the name that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way<'a> {
    Service(&'a str),
    Call(&'a str),
    ByHand,
}

impl Settings {
    /// Rejected if the name that the way needs is absent, or one is there that it has no use for.
    pub(crate) fn way(&self) -> Result<Way<'_>, Failure> {
        let (service, procedure) = (self.service.as_deref(), self.procedure.as_deref());
        let wrong = |text: &str| Err(Failure::rejected(text));
        match (self.restart, service, procedure) {
            (Restart::Service, Some(service), None) => Ok(Way::Service(service)),
            (Restart::Call, None, Some(procedure)) => Ok(Way::Call(procedure)),
            (Restart::None, None, None) => Ok(Way::ByHand),
            (Restart::Service, ..) => wrong(
                "restart = \"service\" takes the setting service, which names it, and no procedure",
            ),
            (Restart::Call, ..) => wrong(
                "restart = \"call\" takes the setting procedure, which names it, and no service",
            ),
            (Restart::None, ..) => wrong(
                "restart = \"none\" takes neither service nor procedure; choose the restart or leave them out",
            ),
        }
    }

    pub(crate) fn location(&self) -> String {
        format!("{} in {}", self.secret, self.account)
    }
}
