//! A runner's credential: read it, and refresh it. The refresh revokes the old secret in the same
//! instant, so it is sent once, and all that this file must get right is what is known afterwards.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use url::Url;

use super::answers;
use super::client::Client;
use super::error::{Error, RefreshError};
use super::transport::{Connection, Payload, Request};
use crate::secret::Credential;

const REFRESH_WITHIN: Duration = Duration::from_secs(60);

impl Client {
    /// The credential that the issuer accepts now.
    pub async fn credential(&self, runner_id: &str) -> Result<Credential, Error> {
        let answer = self.read(self.credentials_url(runner_id)).await;
        answers::credential(&answer.map_err(without_detail)?)
    }

    /// Makes a new secret and revokes the old one. Sends exactly one request, or none.
    pub async fn refresh_credential(&self, runner_id: &str) -> Result<Credential, RefreshError> {
        let token = self.token(Duration::ZERO).await;
        let token = token.map_err(RefreshError::NotDone)?;
        let request = Request {
            method: Method::POST,
            url: self.credentials_url(runner_id),
            bearer: Some(&token),
            payload: Payload::Json(&json!({ "action": "SECRET_REFRESH" })),
            connection: Connection::Fresh,
            within: REFRESH_WITHIN,
        };
        let answer = match self.inner.transport.send(request).await {
            Ok(answer) => answer,
            Err(error) => return Err(sort(error)),
        };
        if answer.status == 401 {
            self.forget(&token).await;
        }
        if !answer.is_success() {
            return Err(sort(self.refused(&answer, &token)));
        }
        answers::credential(&answer).map_err(RefreshError::Unknown)
    }

    fn credentials_url(&self, runner_id: &str) -> Url {
        self.url(&["agents", runner_id, "credentials"])
    }
}

/// Only what is certain counts as not done: nothing left this machine, or the issuer declined.
pub(super) fn sort(error: Error) -> RefreshError {
    match &error {
        Error::Setup { .. } | Error::Unreachable { unsent: true, .. } => {
            RefreshError::NotDone(error)
        }
        // 408 and 499 are words of proxies, which may have passed the request on.
        Error::Refused {
            status: 408 | 499, ..
        } => RefreshError::Unknown(without_detail(error)),
        Error::Refused {
            status: 400..=499, ..
        } => RefreshError::NotDone(without_detail(error)),
        _ => RefreshError::Unknown(without_detail(error)),
    }
}

/// A fault at the issuer may quote the secret it was busy with, and we could not tell.
fn without_detail(mut error: Error) -> Error {
    if let Error::Refused {
        status, problem, ..
    } = &mut error
        && *status >= 500
    {
        **problem = std::mem::take(&mut **problem).title_only();
    }
    error
}
