use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Mutex as Shared;
use std::{ffi::OsStr, io, process};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use url::{Url, form_urlencoded};

use super::*;
use crate::auth::fixtures::{APPLICATION, PASSPHRASE, PUBLIC};
use crate::config::SecretSource;

const SECRET: &str = "client~secret&1";

/// A token server: answers every request alike and keeps what it was sent.
struct Server {
    address: Url,
    seen: Arc<Shared<Vec<String>>>,
}

impl Server {
    fn new(status: u16, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let answer = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let seen: Arc<Shared<Vec<String>>> = Arc::default();
        let keep = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let text = request(&mut stream);
                if text.is_empty() {
                    continue;
                }
                keep.lock().unwrap().push(text);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Self {
            address: Url::parse(&address).unwrap(),
            seen,
        }
    }

    fn granting() -> Self {
        let later = OffsetDateTime::now_utc().unix_timestamp() + 3600;
        Self::new(
            200,
            &format!(
                "{{\"token_type\":\"Bearer\",\"access_token\":\"the-token\",\"expires_in\":3600,\"ext_expires_in\":3600,\"expires_on\":\"{later}\",\"resource\":\"r\"}}"
            ),
        )
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// The fields of the form that came with the only request.
    fn form(&self) -> Vec<(String, String)> {
        let seen = self.seen();
        assert_eq!(seen.len(), 1);
        let body = seen[0].split("\r\n\r\n").nth(1).unwrap();
        form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect()
    }
}

fn request(stream: &mut std::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let length = stream.read(&mut chunk).unwrap_or(0);
        bytes.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let lower = head.to_ascii_lowercase();
            let wanted = lower.split("content-length: ").nth(1);
            let wanted = wanted.and_then(|rest| rest.lines().next()?.trim().parse().ok());
            body.len() >= wanted.unwrap_or(0)
        });
        if whole || length == 0 {
            return text;
        }
    }
}

fn config(authority: &Url) -> config::Azure {
    config::Azure {
        method: None,
        tenant_id: Some("tenant-1".into()),
        client_id: Some("client-1".into()),
        client_secret: None,
        certificate: None,
        certificate_password: None,
        token_file: None,
        authority: authority.clone(),
        scope: Url::parse("https://management.azure.com/.default").unwrap(),
    }
}

/// An identity that sees no environment but this, no metadata service and no Azure CLI.
fn alone(config: &config::Azure, variables: &'static [(&'static str, &'static str)]) -> Azure {
    let mut azure = Azure::new("azure", config);
    let find = |name: &str| variables.iter().find(|(key, _)| *key == name);
    azure.variable = Box::new(move |name| find(name).map(|(_, value)| (*value).to_owned()));
    let nobody = Url::parse("http://127.0.0.1:1").unwrap();
    azure.transport = azure.transport.with_metadata_at(&nobody);
    azure.executor = Some(Arc::new(Az {
        code: 127,
        stdout: "",
        stderr: "az: not found",
    }));
    azure
}

#[derive(Debug)]
struct Az {
    code: i32,
    stdout: &'static str,
    stderr: &'static str,
}

#[async_trait::async_trait]
impl Executor for Az {
    async fn run(&self, _: &OsStr, arguments: &[&OsStr]) -> io::Result<process::Output> {
        use std::os::unix::process::ExitStatusExt as _;
        let line = arguments.last().unwrap().to_string_lossy().into_owned();
        assert!(
            line.contains("--scope https://management.azure.com/.default"),
            "{line}"
        );
        Ok(process::Output {
            status: process::ExitStatus::from_raw(self.code << 8),
            stdout: self.stdout.into(),
            stderr: self.stderr.into(),
        })
    }
}

fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> SecretSource {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    SecretSource::File(path)
}

async fn sign_in(azure: &Azure, url: &str) -> Result<String, AuthError> {
    routed(azure, url, url).await
}

async fn routed(azure: &Azure, asked: &str, url: &str) -> Result<String, AuthError> {
    let [asked, url] = [asked, url].map(|url| Url::parse(url).unwrap());
    let outgoing = Outgoing {
        method: "GET",
        asked: &asked,
        url: &url,
        headers: &[],
        body: b"",
    };
    let headers = azure.headers(&outgoing).await?;
    assert_eq!(headers.len(), 1);
    assert_eq!(headers[0].0, "authorization");
    Ok(headers[0].1.expose().to_owned())
}

const ARM: &str = "https://management.azure.com/subscriptions/s";

#[tokio::test]
async fn a_client_secret_is_sent_once_and_the_token_kept() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::granting());
    let mut config = config(&server.address);
    config.client_secret = Some(file(&folder, "secret", SECRET));
    let azure = alone(&config, &[]);
    azure.warm().await.unwrap();
    assert_eq!(sign_in(&azure, ARM).await.unwrap(), "Bearer the-token");
    assert!(server.seen()[0].starts_with("POST /tenant-1/oauth2/v2.0/token "));
    let form = server.form();
    for (key, value) in [
        ("client_id", "client-1"),
        ("client_secret", SECRET),
        ("grant_type", "client_credentials"),
        ("scope", "https://management.azure.com/.default"),
    ] {
        assert!(form.contains(&(key.to_owned(), value.to_owned())), "{key}");
    }
}

#[tokio::test]
async fn it_is_for_the_management_endpoint_only() {
    let server = Server::granting();
    let azure = alone(&config(&server.address), &[("AZURE_CLIENT_SECRET", SECRET)]);
    for elsewhere in [
        "https://management.azure.com.evil.test/",
        "https://management.azure.com:8443/",
        "http://management.azure.com/",
        "https://graph.microsoft.com/",
        "https://management.usgovcloudapi.net/",
    ] {
        let refused = sign_in(&azure, elsewhere).await.err().unwrap();
        assert!(matches!(refused, AuthError::WrongPlace { .. }), "{refused}");
    }
    assert!(server.seen().is_empty());
    assert!(sign_in(&azure, ARM).await.is_ok());
}

#[tokio::test]
async fn a_route_leads_to_the_endpoint_of_another_cloud() {
    let server = Server::granting();
    let mut config = config(&server.address);
    let endpoint = "https://management.usgovcloudapi.net";
    config.scope = Url::parse(endpoint).unwrap().join("/.default").unwrap();
    let azure = alone(&config, &[("AZURE_CLIENT_SECRET", SECRET)]);
    let refused = sign_in(&azure, ARM).await.err().unwrap();
    assert!(matches!(refused, AuthError::WrongPlace { .. }), "{refused}");
    assert!(server.seen().is_empty());
    assert!(routed(&azure, ARM, endpoint).await.is_ok());
}

#[tokio::test]
async fn a_token_that_is_nearly_over_is_not_used() {
    let body = "{\"token_type\":\"Bearer\",\"access_token\":\"short\",\"expires_in\":299}";
    let server = Server::new(200, body);
    let azure = alone(&config(&server.address), &[("AZURE_CLIENT_SECRET", SECRET)]);
    sign_in(&azure, ARM).await.unwrap();
    sign_in(&azure, ARM).await.unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_certificate_signs_an_assertion() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::granting());
    let mut config = config(&server.address);
    config.certificate = Some(file(&folder, "application.pem", APPLICATION));
    config.certificate_password = Some(file(&folder, "password", PASSPHRASE));
    assert!(sign_in(&alone(&config, &[]), ARM).await.is_ok());
    let form = server.form();
    let get = |key: &str| form.iter().find(|(name, _)| name == key).unwrap().1.clone();
    assert_eq!(
        get("client_assertion_type"),
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    let assertion = get("client_assertion");
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, PUBLIC);
    public
        .verify(
            signed.as_bytes(),
            &URL_SAFE_NO_PAD.decode(signature).unwrap(),
        )
        .unwrap();
    let part = |n: usize| -> serde_json::Value {
        let text = URL_SAFE_NO_PAD
            .decode(assertion.split('.').nth(n).unwrap())
            .unwrap();
        serde_json::from_slice(&text).unwrap()
    };
    // As `openssl x509 -outform der | openssl dgst -sha256 -binary | base64` has it.
    assert_eq!(
        part(0)["x5t#S256"],
        "slOEtw_7jc6T7y-EJ1vS6xuWQLpADUwwPYsKiSnetCI"
    );
    let claims = part(1);
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&"client-1".into(), &"client-1".into())
    );
    let audience = claims["aud"].as_str().unwrap();
    assert!(
        audience.ends_with("/tenant-1/oauth2/v2.0/token"),
        "{audience}"
    );
}

#[tokio::test]
async fn a_federated_token_is_taken_from_its_file() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::granting());
    let SecretSource::File(path) = file(&folder, "token", "federated-token") else {
        panic!()
    };
    let mut config = config(&server.address);
    config.token_file = Some(path);
    assert!(sign_in(&alone(&config, &[]), ARM).await.is_ok());
    assert!(
        server
            .form()
            .contains(&("client_assertion".into(), "federated-token".into()))
    );
}

#[tokio::test]
async fn a_machine_has_an_identity() {
    let server = Server::granting();
    let entra = Server::new(500, "{}");
    let mut azure = alone(&config(&entra.address), &[]);
    azure.transport = Transport::new(&entra.address).with_metadata_at(&server.address);
    assert_eq!(sign_in(&azure, ARM).await.unwrap(), "Bearer the-token");
    let seen = server.seen();
    assert!(
        seen[0].starts_with("GET /metadata/identity/oauth2/token?"),
        "{}",
        seen[0]
    );
    assert!(
        seen[0].contains("resource=https%3A%2F%2Fmanagement.azure.com&client_id=client-1"),
        "{}",
        seen[0]
    );
    assert!(seen[0].to_ascii_lowercase().contains("metadata: true"));
    assert!(entra.seen().is_empty());
}

#[tokio::test]
async fn the_command_line_is_asked_last() {
    let server = Server::granting();
    let mut azure = alone(&config(&server.address), &[]);
    let error = azure.warm().await.err().unwrap().to_string();
    for part in [
        "[auth.azure]",
        "client-secret: ",
        "AZURE_FEDERATED_TOKEN_FILE",
        "az login",
        "not found",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
    azure.executor = Some(Arc::new(Az {
        code: 0,
        stdout: "{\"accessToken\":\"from-az\",\"expires_on\":4102444800,\"tokenType\":\"Bearer\"}",
        stderr: "",
    }));
    assert_eq!(sign_in(&azure, ARM).await.unwrap(), "Bearer from-az");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_source_that_fails_is_not_passed_over_and_tells_no_secret() {
    let refusal = format!(
        "{{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client secret '{SECRET}'.\\u001b[31m\\nTrace\",\"error_codes\":[7000215]}}"
    );
    let server = Server::new(401, &refusal);
    let azure = alone(&config(&server.address), &[("AZURE_CLIENT_SECRET", SECRET)]);
    let error = azure.warm().await.err().unwrap().to_string();
    assert!(
        error.contains("AADSTS7000215") && error.contains("`client-secret`"),
        "{error}"
    );
    assert!(
        !error.contains(SECRET) && !error.contains('\u{1b}') && !error.contains('\n'),
        "{error}"
    );
    let odd = Server::new(
        200,
        "{\"access_token\":\"a-token\",\"expires_in\":\"a-token\"}",
    );
    let azure = alone(&config(&odd.address), &[("AZURE_CLIENT_SECRET", SECRET)]);
    let error = azure.warm().await.err().unwrap().to_string();
    assert!(
        !error.contains("a-token") && error.contains("not understood"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let server = Server::granting();
    let mut config = config(&server.address);
    config.tenant_id = None;
    let azure = alone(&config, &[("AZURE_CLIENT_SECRET", SECRET)]);
    let error = azure.warm().await.err().unwrap().to_string();
    assert!(
        error.contains("neither `tenant_id` nor AZURE_TENANT_ID is set"),
        "{error}"
    );
    config.method = Some(AzureMethod::WorkloadIdentity);
    let error = alone(&config, &[]).warm().await.err().unwrap().to_string();
    assert!(
        error.contains("`workload-identity`: neither `token_file`"),
        "{error}"
    );
}
