//! When a token is asked for, renewed and given up.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::matillion::Error;

#[tokio::test]
async fn one_token_serves_many_calls() {
    let (issuer, client) = issuer(|_| Reply::json(200, r#"{"agentId":"a"}"#)).await;
    client
        .sign_in(Duration::from_secs(600))
        .await
        .expect("a token");
    for _ in 0..3 {
        client.clone().runner(RUNNER).await.expect("a runner");
    }
    assert_eq!(issuer.count("POST", "/token"), 1);
    let asked = &issuer.seen()[0];
    assert_eq!(
        asked.body,
        "grant_type=client_credentials&client_id=api-id\
         &client_secret=api-s3cr3t%2B%2F%22canary&audience=https%3A%2F%2Fapi.matillion.com"
    );
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    // Lifetime, what the next call asks for, and how many tokens two calls cost.
    let table = [
        (1800, 60, 1),
        (1800, 1799, 2),
        (8, 5, 1),
        (8, 7, 1),
        (0, 0, 2),
    ];
    for (lifetime, at_least, expected) in table {
        let issuer = Issuer::start(move |_| Reply::json(200, &granted(lifetime))).await;
        let client = client(&issuer);
        client.sign_in(Duration::ZERO).await.expect("a token");
        tokio::time::sleep(Duration::from_millis(5)).await;
        let at_least = Duration::from_secs(at_least) + Duration::from_millis(998);
        let at_least = if expected == 1 {
            at_least - Duration::from_millis(998)
        } else {
            at_least
        };
        client.sign_in(at_least).await.expect("a token");
        let count = issuer.count("POST", "/token");
        assert_eq!(count, expected, "{lifetime} s, {at_least:?}");
    }
}

#[tokio::test]
async fn the_lifetime_is_read_in_any_spelling() {
    for lifetime in [
        "1800", "\"1800\"", "1800.0", "1e3", "null", "\"soon\"", "1e300",
    ] {
        let body = format!(r#"{{"access_token":"a","expires_in":{lifetime}}}"#);
        let issuer = Issuer::start(move |_| Reply::json(200, &body)).await;
        let client = client(&issuer);
        for _ in 0..2 {
            client.sign_in(Duration::ZERO).await.expect("a token");
        }
        assert_eq!(issuer.count("POST", "/token"), 1, "{lifetime}");
    }
}

/// Refuses the first token, as after a clock went wrong or the token was revoked.
async fn refusing(times: usize) -> (Issuer, Client, &'static AtomicUsize) {
    let left: &'static AtomicUsize = Box::leak(Box::new(AtomicUsize::new(times)));
    let (issuer, client) = issuer(move |_| {
        let refuse = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        match refuse {
            Ok(_) => Reply::json(401, "{}"),
            Err(_) => Reply::json(200, r#"{"agentId":"a"}"#),
        }
    })
    .await;
    (issuer, client, left)
}

#[tokio::test]
async fn one_401_is_answered_with_a_new_token() {
    let (issuer, client, left) = refusing(1).await;
    client.runner(RUNNER).await.expect("a runner");
    assert_eq!(issuer.count("POST", "/token"), 2);
    left.store(1, Ordering::SeqCst);
    let paused = client
        .command(RUNNER, crate::matillion::Command::Pause)
        .await;
    paused.expect("sent again");
    let (issuer, client, _) = refusing(2).await;
    let error = client.runner(RUNNER).await.expect_err("refused twice");
    assert_eq!(error.status(), Some(401));
    assert!(
        error
            .to_string()
            .contains("client_id and client_secret, and the region")
    );
    assert_eq!(issuer.count("POST", "/token"), 2);
}

#[tokio::test]
async fn whether_a_pair_is_live() {
    type Case = (fn(&Seen) -> Reply, Result<bool, Option<u16>>, usize);
    let table: [Case; 6] = [
        (|_| Reply::json(200, &granted(1800)), Ok(true), 1),
        (|_| Reply::json(401, "{}"), Ok(false), 1),
        (
            |_| Reply::json(400, r#"{"error":"invalid_client"}"#),
            Ok(false),
            1,
        ),
        (|_| Reply::json(403, "{}"), Err(Some(403)), 1),
        (|_| Reply::json(503, ""), Err(Some(503)), 3),
        (|_| Reply::Lost, Err(None), 3),
    ];
    for (reply, expected, sent) in table {
        let issuer = Issuer::start(reply).await;
        let pair = Credential {
            client_id: "runner-id".to_owned(),
            client_secret: SecretString::new("pair-canary".to_owned()),
        };
        let granted = client(&issuer).grants_token(&pair).await;
        assert_eq!(granted.map_err(|error| error.status()), expected);
        assert_eq!(issuer.count("POST", "/token"), sent);
        assert!(issuer.seen()[0].body.contains("client_secret=pair-canary"));
    }
}

#[tokio::test]
async fn an_echo_of_the_secret_is_cut_out() {
    let echo = format!(
        r#"{{"error":"invalid_client","error_description":"{} is wrong\nfor api-id"}}"#,
        API_SECRET.replace('"', "\\\"")
    );
    let issuer = Issuer::start(move |_| Reply::json(401, &echo)).await;
    let error = client(&issuer)
        .sign_in(Duration::ZERO)
        .await
        .expect_err("refused");
    let text = error.to_string();
    assert_eq!(
        text,
        format!(
            "POST http://{}/token was answered with 401: invalid_client: [secret] is wrong for \
             api-id; check the API credential's client_id and client_secret, and token_url if it \
             is set",
            issuer.address
        )
    );
    assert!(!format!("{error:?}").contains("canary"));
}

#[tokio::test]
async fn an_answer_without_a_token_is_told_apart() {
    for body in [
        "",
        "{}",
        r#"{"access_token":""}"#,
        r#"{"access_token":"a b\n"}"#,
    ] {
        let issuer = Issuer::start(move |_| Reply::json(200, body)).await;
        let error = client(&issuer)
            .sign_in(Duration::ZERO)
            .await
            .expect_err("no token");
        assert!(matches!(error, Error::Unreadable { .. }), "{body}: {error}");
    }
}
