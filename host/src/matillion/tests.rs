//! The client against a scripted issuer on loopback.

mod endpoints;
mod issuer;
mod reads;
mod refresh;
mod retry;
mod status;
mod token;

use std::time::Duration;

use issuer::{Issuer, Reply, Seen};

use super::retry::Pace;
use super::{Client, Endpoints};
use crate::secret::{Credential, SecretString};

const RUNNER: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const API_SECRET: &str = "api-s3cr3t+/\"canary";
const TOKEN: &str = "t0ken.canary";
const CREDENTIALS: &str = "/dpc/v1/agents/3fa85f64-5717-4562-b3fc-2c963f66afa6/credentials";

const QUICK: Pace = Pace {
    tries: 3,
    first_pause: Duration::from_millis(1),
    longest_wait: Duration::from_secs(2),
};

/// An issuer that grants tokens and answers everything else by `api`.
async fn issuer(api: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> (Issuer, Client) {
    let issuer = Issuer::start(move |seen| match seen.path() {
        "/token" => Reply::json(200, &granted(1800)),
        _ => api(seen),
    })
    .await;
    let client = client(&issuer);
    (issuer, client)
}

fn client(issuer: &Issuer) -> Client {
    let identity = Credential {
        client_id: "api-id".to_owned(),
        client_secret: SecretString::new(API_SECRET.to_owned()),
    };
    let client = Client::with_pace(endpoints(&issuer.address), identity, QUICK);
    client.expect("loopback addresses are let in")
}

fn endpoints(address: &str) -> Endpoints {
    let url = |path: &str| format!("http://{address}/{path}").parse().expect("a url");
    Endpoints {
        base_url: url("dpc/"),
        token_url: url("token"),
    }
}

fn granted(expires_in: u64) -> String {
    format!(r#"{{"access_token":"{TOKEN}","expires_in":{expires_in},"token_type":"Bearer"}}"#)
}
