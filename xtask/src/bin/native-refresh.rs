//! The benchmark's measure: a refresh by a plain program, with the very requests that keyferry
//! sends, the same HTTP client and the same signing, and without sandbox, journal and policy. Not
//! for use: if it dies after the issuer's answer, the secret is lost.

use std::env;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::Client;
use serde_json::{Value, json};

/// A client id and its secret.
type Pair = (String, String);

fn main() -> Result<()> {
    let rehearse = env::args().any(|argument| argument == "--rehearse");
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(refresh(rehearse))
}

async fn refresh(rehearse: bool) -> Result<()> {
    // An error means that one is installed already.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let (aws, mut issuer) = (Aws::new()?, Issuer::new()?);
    issuer.token = issuer.grant(&issuer.api).await?;

    issuer.get("").await?;
    let live = issuer.pair(issuer.get("/credentials").await?)?;
    let (checked, idle, granted) = tokio::join!(aws.check(), issuer.idle(), issuer.grant(&live));
    let _ = (checked?, idle?, granted?);
    if rehearse {
        aws.write(&live).await?;
        aws.verify(&live).await?;
    }
    issuer.idle().await?;

    ensure!(issuer.pair(issuer.get("/credentials").await?)? == live);
    issuer.idle().await?;
    let fresh = issuer.refresh().await?;
    aws.write(&fresh).await?;
    let (verified, granted) = tokio::join!(aws.verify(&fresh), issuer.grant(&fresh));
    let _ = (verified?, granted?);
    aws.restart().await?;
    aws.services().await?;
    issuer.get("").await?;
    Ok(())
}

fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("{name} is not set"))
}

fn client() -> reqwest::ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .tls_certs_only([])
}

struct Issuer {
    pooled: Client,
    /// A request that must not be sent twice goes over a connection that was never used.
    once: Client,
    base_url: String,
    token_url: String,
    runner_id: String,
    api: Pair,
    token: String,
}

impl Issuer {
    fn new() -> Result<Self> {
        Ok(Self {
            pooled: client().build()?,
            once: client().http1_only().pool_max_idle_per_host(0).build()?,
            base_url: variable("BASE_URL")?,
            token_url: variable("TOKEN_URL")?,
            runner_id: variable("RUNNER_ID")?,
            api: (variable("CLIENT_ID")?, variable("MATILLION_CLIENT_SECRET")?),
            token: String::new(),
        })
    }

    async fn grant(&self, (id, secret): &Pair) -> Result<String> {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret),
            ("audience", "https://api.matillion.com"),
        ];
        let request = self.pooled.post(&self.token_url).form(&fields);
        let answer: Value = request.send().await?.error_for_status()?.json().await?;
        let token = answer["access_token"].as_str();
        Ok(token.context("no access token")?.to_owned())
    }

    async fn get(&self, below: &str) -> Result<Value> {
        let url = format!("{}/v1/agents/{}{below}", self.base_url, self.runner_id);
        let request = self.pooled.get(url).bearer_auth(&self.token);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// No project has an environment on this runner, in the benchmark.
    async fn idle(&self) -> Result<()> {
        let url = format!("{}/v1/projects?page=0&size=100", self.base_url);
        let request = self.pooled.get(url).bearer_auth(&self.token);
        let answer: Value = request.send().await?.error_for_status()?.json().await?;
        ensure!(answer["results"].as_array().is_none_or(Vec::is_empty));
        Ok(())
    }

    async fn refresh(&self) -> Result<Pair> {
        let url = format!("{}/v1/agents/{}/credentials", self.base_url, self.runner_id);
        let action = json!({ "action": "SECRET_REFRESH" });
        let request = self.once.post(url).bearer_auth(&self.token).json(&action);
        self.pair(request.send().await?.error_for_status()?.json().await?)
    }

    fn pair(&self, answer: Value) -> Result<Pair> {
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        let pair = text("clientId").zip(text("clientSecret"));
        pair.context("the answer holds no credential")
    }
}

struct Aws {
    client: Client,
    origin: String,
    region: String,
    key: Credentials,
    cluster: String,
    service: String,
    secret_id: String,
    task_definition: String,
}

impl Aws {
    fn new() -> Result<Self> {
        let (id, secret) = (
            variable("AWS_ACCESS_KEY_ID")?,
            variable("AWS_SECRET_ACCESS_KEY")?,
        );
        Ok(Self {
            client: client().build()?,
            origin: variable("AWS_ORIGIN")?,
            region: variable("AWS_REGION")?,
            key: Credentials::new(id, secret, None, None, "environment"),
            cluster: variable("CLUSTER")?,
            service: variable("SERVICE")?,
            secret_id: variable("SECRET_ID")?,
            task_definition: variable("TASK_DEFINITION")?,
        })
    }

    async fn check(&self) -> Result<()> {
        self.read().await?;
        let secret = json!({ "SecretId": self.secret_id });
        self.secrets("DescribeSecret", &secret).await?;
        self.services().await?;
        let task = json!({ "taskDefinition": self.task_definition });
        self.ecs("DescribeTaskDefinition", &task).await?;
        Ok(())
    }

    async fn read(&self) -> Result<Value> {
        let secret = json!({ "SecretId": self.secret_id });
        let answer = self.secrets("GetSecretValue", &secret).await?;
        let text = answer["SecretString"].as_str().context("no text")?;
        Ok(serde_json::from_str(text)?)
    }

    async fn write(&self, (_, secret): &Pair) -> Result<()> {
        let mut document = self.read().await?;
        document["client_secret"] = secret.as_str().into();
        let body = json!({
            "SecretId": self.secret_id,
            "ClientRequestToken": uuid::Uuid::new_v4().to_string(),
            "SecretString": document.to_string(),
        });
        self.secrets("PutSecretValue", &body).await?;
        Ok(())
    }

    async fn verify(&self, (_, secret): &Pair) -> Result<()> {
        ensure!(self.read().await?["client_secret"] == secret.as_str());
        Ok(())
    }

    async fn services(&self) -> Result<()> {
        let body = json!({ "cluster": self.cluster, "services": [self.service] });
        self.ecs("DescribeServices", &body).await?;
        Ok(())
    }

    async fn restart(&self) -> Result<()> {
        let body = json!({
            "cluster": self.cluster, "service": self.service, "forceNewDeployment": true,
        });
        self.ecs("UpdateService", &body).await?;
        Ok(())
    }

    async fn secrets(&self, operation: &str, body: &Value) -> Result<Value> {
        let target = format!("secretsmanager.{operation}");
        self.call("secretsmanager", &target, body).await
    }

    async fn ecs(&self, operation: &str, body: &Value) -> Result<Value> {
        let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
        self.call("ecs", &target, body).await
    }

    async fn call(&self, service: &str, target: &str, body: &Value) -> Result<Value> {
        let host = format!("{service}.{}.amazonaws.com", self.region);
        let body = body.to_string();
        let headers = [
            ("host", host.as_str()),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target),
        ];
        let identity = self.key.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let url = format!("https://{host}/");
        let signable = SignableBody::Bytes(body.as_bytes());
        let signed = SignableRequest::new("POST", &url, headers.into_iter(), signable)?;
        let (added, _) = sign(signed, &params)?.into_parts();
        let mut request = self.client.post(&self.origin);
        for (name, value) in headers.into_iter().chain(added.headers()) {
            request = request.header(name, value);
        }
        let answer = request.body(body).send().await?.error_for_status()?;
        Ok(answer.json().await?)
    }
}
