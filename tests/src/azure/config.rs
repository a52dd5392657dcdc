//! How the program is told of the stand-in.

use serde_json::{Value, json};

use super::{Azure, Container};
use crate::process::Config;

const SECRET_VARIABLE: &str = "AZURE_PRINCIPAL_SECRET";

impl Azure {
    /// The config with `[auth.azure]` and a route to this stand-in.
    pub fn configure(&self, config: Config) -> Config {
        self.configure_at(config, &self.origin())
    }

    /// The same, with the route leading to `origin`, which may stand between.
    pub fn configure_at(&self, config: Config, origin: &str) -> Config {
        let principal = self.principal();
        config
            .part(
                "[auth.azure]",
                &[
                    ("kind", "azure".into()),
                    ("method", "client-secret".into()),
                    ("tenant_id", principal.tenant_id.into()),
                    ("client_id", principal.client_id.into()),
                    ("client_secret", json!({ "env": SECRET_VARIABLE })),
                    ("authority", self.origin().into()),
                    ("scope", "https://management.azure.com/.default".into()),
                ],
            )
            .env(SECRET_VARIABLE, &principal.client_secret)
            .route("https://management.azure.com", origin)
    }
}

impl Container {
    /// The sink's settings for this installation.
    pub fn settings(&self) -> Value {
        json!({
            "subscription": self.subscription,
            "resource_group": self.group,
            "app": self.app,
        })
    }
}
