//! Every statement that this sink can run. The needs pin these texts, so what is approved and what
//! is sent can't differ; a setting stands in them only where an identifier is expected.

use keyferry_sdk::HttpNeed;

use crate::settings::Settings;

/// The name of the operator's credential.
const AUTH: &str = "snowflake";
const URL: &str = "https://{account}.snowflakecomputing.com/api/v2/statements";

/// A statement: its text with a setting's name in braces, and how it is sent.
pub(crate) struct Statement {
    /// How messages call it.
    pub(crate) name: &'static str,
    template: &'static str,
    query: &'static str,
    /// After so many seconds Snowflake cancels it.
    timeout: u32,
    /// Whether running it twice is the same as running it once.
    pub(crate) repeatable: bool,
    /// Whether the literal in it is the secret.
    pub(crate) secret: bool,
}

const READ: Statement = Statement {
    name: "",
    template: "",
    query: "",
    timeout: 30,
    repeatable: true,
    secret: false,
};

/// The request's id is the attempt's: a repeat waits for the first one instead of running beside
/// it, so no straggler of a rehearsal can land after the fresh secret.
pub(crate) const STORE: Statement = Statement {
    name: "ALTER SECRET",
    template: "ALTER SECRET {secret} SET SECRET_STRING = '{token}'",
    query: "?requestId={attempt}&retry=true",
    secret: true,
    ..READ
};
pub(crate) const DESCRIBE_SECRET: Statement = Statement {
    name: "DESCRIBE SECRET",
    template: "DESCRIBE SECRET {secret}",
    ..READ
};
pub(crate) const SECRET_GRANTS: Statement = Statement {
    name: "SHOW GRANTS ON SECRET",
    template: "SHOW GRANTS ON SECRET {secret}",
    ..READ
};
pub(crate) const DESCRIBE_SERVICE: Statement = Statement {
    name: "DESCRIBE SERVICE",
    template: "DESCRIBE SERVICE {service}",
    ..READ
};
pub(crate) const SERVICE_GRANTS: Statement = Statement {
    name: "SHOW GRANTS ON SERVICE",
    template: "SHOW GRANTS ON SERVICE {service}",
    ..READ
};
pub(crate) const CONTAINERS: Statement = Statement {
    name: "SHOW SERVICE CONTAINERS",
    template: "SHOW SERVICE CONTAINERS IN SERVICE {service}",
    ..READ
};
pub(crate) const SUSPEND: Statement = Statement {
    name: "ALTER SERVICE SUSPEND",
    template: "ALTER SERVICE {service} SUSPEND",
    ..READ
};
pub(crate) const RESUME: Statement = Statement {
    name: "ALTER SERVICE RESUME",
    template: "ALTER SERVICE {service} RESUME",
    ..READ
};
pub(crate) const DESCRIBE_PROCEDURE: Statement = Statement {
    name: "DESCRIBE PROCEDURE",
    template: "DESCRIBE PROCEDURE {procedure}()",
    ..READ
};
/// It may take long, so its answer is only the handle to ask for it by.
pub(crate) const CALL: Statement = Statement {
    name: "CALL",
    template: "CALL {procedure}()",
    query: "?async=true",
    timeout: 3600,
    repeatable: false,
    ..READ
};

impl Statement {
    /// The request that this statement is, for the approval.
    pub(crate) fn need(&self) -> HttpNeed {
        let need = HttpNeed::post(format!("{URL}{}", self.query))
            .body("/statement", self.template)
            .body("/timeout", self.timeout.to_string())
            .body("/role", "{role}")
            .auth(AUTH);
        match self.secret {
            true => need.carries_secret(),
            false => need,
        }
    }

    /// Where it is sent.
    pub(crate) fn url(&self, settings: &Settings, attempt: &str) -> String {
        let url = format!("{URL}{}", self.query);
        url.replace("{account}", &settings.account)
            .replace("{attempt}", attempt)
    }

    /// The body, with `token` where the secret stands.
    pub(crate) fn body(&self, settings: &Settings, token: &str) -> serde_json::Value {
        serde_json::json!({
            "statement": self.text(settings, token),
            "timeout": self.timeout,
            "role": settings.role,
        })
    }

    /// No template has two settings, and the token is filled in first: no value is searched for
    /// names.
    fn text(&self, settings: &Settings, token: &str) -> String {
        let name = |setting: &Option<String>| setting.clone().unwrap_or_default();
        let text = self.template.replace("{token}", token);
        for (place, value) in [
            ("{secret}", settings.secret.clone()),
            ("{service}", name(&settings.service)),
            ("{procedure}", name(&settings.procedure)),
        ] {
            if let Some((before, after)) = text.split_once(place) {
                return format!("{before}{value}{after}");
            }
        }
        text
    }
}

/// Asking how a statement stands that was still running.
pub(crate) fn progress_need() -> HttpNeed {
    HttpNeed::get(format!("{URL}/*")).auth(AUTH)
}

/// Where the statement with this handle is asked for.
pub(crate) fn progress_url(settings: &Settings, handle: &str) -> String {
    let url = URL.replace("{account}", &settings.account);
    format!("{url}/{handle}")
}
