//! Entra's token endpoint, as far as an application with a secret needs it.

use serde_json::json;
use uuid::Uuid;

use super::state::State;
use crate::server::{Answer, Request, form};

pub(super) fn token(state: &mut State, request: &Request, tenant: &str) -> Answer {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let form = form::pairs(&body);
    let is = |name: &str, value: &str| form::first(&form, name) == Some(value);
    let principal = &state.principal;
    let known = tenant == principal.tenant_id
        && is("client_id", &principal.client_id)
        && is("client_secret", &principal.client_secret);
    let asked = is("grant_type", "client_credentials")
        && is("scope", "https://management.azure.com/.default");
    if !known || !asked {
        let (status, error) = if known {
            (400, "invalid_request")
        } else {
            (401, "invalid_client")
        };
        let body =
            json!({ "error": error, "error_description": "AADSTS: refused by the stand-in." });
        return Answer::json(status, "application/json", &body);
    }
    let token = format!("arm.{}", Uuid::new_v4().simple());
    state.tokens.push(token.clone());
    let body = json!({ "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token });
    Answer::json(200, "application/json; charset=utf-8", &body)
}
