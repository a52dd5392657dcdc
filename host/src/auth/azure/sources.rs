//! The ways to a token, each by the SDK's own credential.

use std::path::PathBuf;
use std::sync::Arc;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, TokenCredential};
use azure_core::http::ClientOptions;
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};

use super::certificate::Certificate;
use super::problem::explain;
use super::{Azure, NoToken};
use crate::auth::read_secret;
use crate::config::{AzureMethod, SecretSource};
use crate::secret::SecretString;

/// A credential, and the secrets that no message about it may show.
type Source = (Arc<dyn TokenCredential>, Vec<SecretString>);

impl Azure {
    /// Asks one source for a token.
    pub(super) async fn ask(&self, method: AzureMethod) -> Result<AccessToken, NoToken> {
        let (credential, secrets) = match method {
            AzureMethod::ClientSecret => self.client_secret().await?,
            AzureMethod::Certificate => self.certificate().await?,
            AzureMethod::WorkloadIdentity => self.workload_identity()?,
            AzureMethod::ManagedIdentity => self.managed_identity().await?,
            AzureMethod::Cli => self.cli()?,
        };
        let scope = self.config.scope.as_str();
        let token = credential.get_token(&[scope], None).await;
        token.map_err(|error| {
            let problem = explain(&error, &secrets);
            match method {
                // Whether somebody is signed in is only known by asking.
                AzureMethod::Cli => NoToken::NotHere(problem),
                _ => NoToken::Failed(problem),
            }
        })
    }

    async fn client_secret(&self) -> Result<Source, NoToken> {
        let variable = || (self.variable)("AZURE_CLIENT_SECRET").map(SecretString::new);
        let secret = match &self.config.client_secret {
            Some(source) => self.read(source).await?,
            None => variable().ok_or_else(|| {
                not_here("neither `client_secret` nor AZURE_CLIENT_SECRET is set")
            })?,
        };
        let (tenant, client) = self.application()?;
        let options = ClientSecretCredentialOptions {
            client_options: self.options(),
        };
        let value = secret.expose().to_owned().into();
        let made = ClientSecretCredential::new(&tenant, client, value, Some(options));
        let secrets = vec![secret];
        Ok((made.map_err(|error| failed(&error, &secrets))?, secrets))
    }

    async fn certificate(&self) -> Result<Source, NoToken> {
        let path = || (self.variable)("AZURE_CLIENT_CERTIFICATE_PATH").map(PathBuf::from);
        let source = self
            .config
            .certificate
            .clone()
            .or_else(|| path().map(SecretSource::File));
        let source = source.ok_or_else(|| {
            not_here("neither `certificate` nor AZURE_CLIENT_CERTIFICATE_PATH is set")
        })?;
        let (tenant, client) = self.application()?;
        let pem = self.read(&source).await?;
        let password = match &self.config.certificate_password {
            Some(source) => Some(self.read(source).await?),
            None => (self.variable)("AZURE_CLIENT_CERTIFICATE_PASSWORD").map(SecretString::new),
        };
        let audience = self
            .config
            .authority
            .join(&format!("/{tenant}/oauth2/v2.0/token"));
        let audience = audience.map_err(|error| NoToken::Failed(error.to_string()))?;
        let certificate =
            Certificate::new(pem.expose(), password.as_ref(), &client, audience.as_str()).map_err(
                |error| NoToken::Failed(format!("the certificate can't be used: {error}")),
            )?;
        let options = ClientAssertionCredentialOptions {
            client_options: self.options(),
        };
        let made = ClientAssertionCredential::new(tenant, client, certificate, Some(options));
        Ok((made.map_err(|error| failed(&error, &[]))?, Vec::new()))
    }

    fn workload_identity(&self) -> Result<Source, NoToken> {
        let file = || (self.variable)("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from);
        let file = self
            .config
            .token_file
            .clone()
            .or_else(file)
            .ok_or_else(|| {
                not_here("neither `token_file` nor AZURE_FEDERATED_TOKEN_FILE is set")
            })?;
        let (tenant, client) = self.application()?;
        let options = WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions {
                client_options: self.options(),
            },
            client_id: Some(client),
            tenant_id: Some(tenant),
            token_file_path: Some(file),
        };
        let made = WorkloadIdentityCredential::new(Some(options));
        Ok((made.map_err(|error| failed(&error, &[]))?, Vec::new()))
    }

    async fn managed_identity(&self) -> Result<Source, NoToken> {
        // Asking for a token where there is no such service would take minutes.
        let by_variable = (self.variable)("IDENTITY_ENDPOINT").is_some();
        if !by_variable && !self.transport.reaches_metadata().await {
            return Err(not_here(
                "no metadata service answers, so this is no Azure machine or app",
            ));
        }
        let client = || (self.variable)("AZURE_CLIENT_ID");
        let client = self.config.client_id.clone().or_else(client);
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: client.map(UserAssignedId::ClientId),
            client_options: self.options(),
        };
        let made = ManagedIdentityCredential::new(Some(options));
        Ok((made.map_err(|error| failed(&error, &[]))?, Vec::new()))
    }

    fn cli(&self) -> Result<Source, NoToken> {
        let options = AzureCliCredentialOptions {
            tenant_id: self.config.tenant_id.clone(),
            executor: self.executor.clone(),
            ..AzureCliCredentialOptions::default()
        };
        let made = AzureCliCredential::new(Some(options));
        Ok((made.map_err(|error| failed(&error, &[]))?, Vec::new()))
    }

    /// Directory and application.
    fn application(&self) -> Result<(String, String), NoToken> {
        let find = |set: &Option<String>, key: &str, name: &str| {
            let found = set.clone().or_else(|| (self.variable)(name));
            found.ok_or_else(|| NoToken::Failed(format!("neither `{key}` nor {name} is set")))
        };
        Ok((
            find(&self.config.tenant_id, "tenant_id", "AZURE_TENANT_ID")?,
            find(&self.config.client_id, "client_id", "AZURE_CLIENT_ID")?,
        ))
    }

    async fn read(&self, source: &SecretSource) -> Result<SecretString, NoToken> {
        let read = read_secret(&self.name, source).await;
        read.map_err(|error| NoToken::Failed(error.to_string()))
    }

    fn options(&self) -> ClientOptions {
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = self.transport.authority();
        ClientOptions {
            transport: Some(azure_core::http::Transport::new(Arc::new(
                self.transport.clone(),
            ))),
            cloud: Some(Arc::new(CloudConfiguration::from(cloud))),
            ..ClientOptions::default()
        }
    }
}

fn not_here(reason: &str) -> NoToken {
    NoToken::NotHere(reason.to_owned())
}

fn failed(error: &azure_core::Error, secrets: &[SecretString]) -> NoToken {
    NoToken::Failed(explain(error, secrets))
}
