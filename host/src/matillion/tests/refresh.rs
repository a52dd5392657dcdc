//! The refresh is sent at most once, whatever happens, and its error never claims too much.

use reqwest::Method;

use super::*;
use crate::matillion::credentials::sort;
use crate::matillion::transport::{Connection, Payload, Request};
use crate::matillion::{Error, RefreshError};

const FRESH: &str = r#"{"clientId":"runner-id","clientSecret":"fr\"esh\\canary é","more":1}"#;

/// What a fault must leave: whether it may be called not done.
#[derive(Debug, PartialEq)]
enum Left {
    Done,
    NotDone,
    Unknown,
}

async fn refresh(reply: fn(&Seen) -> Reply) -> (Left, usize, String) {
    let (issuer, client) = issuer(reply).await;
    let (left, text) = match client.refresh_credential(RUNNER).await {
        Ok(_) => (Left::Done, String::new()),
        Err(RefreshError::NotDone(error)) => (Left::NotDone, format!("{error} {error:?}")),
        Err(RefreshError::Unknown(error)) => (Left::Unknown, format!("{error} {error:?}")),
    };
    (left, issuer.count("POST", CREDENTIALS), text)
}

#[tokio::test]
async fn the_fresh_secret_arrives_byte_for_byte() {
    let (issuer, client) = issuer(|_| Reply::json(202, FRESH)).await;
    client
        .sign_in(Duration::from_secs(60))
        .await
        .expect("a token");
    let fresh = client.refresh_credential(RUNNER).await.expect("a secret");
    assert_eq!(fresh.client_id, "runner-id");
    assert_eq!(fresh.client_secret.expose(), "fr\"esh\\canary é");
    let seen = issuer.seen();
    assert_eq!(seen.len(), 2, "one token, one refresh");
    assert_eq!(seen[1].target, CREDENTIALS);
    assert_eq!(seen[1].body, r#"{"action":"SECRET_REFRESH"}"#);
    assert!(seen[1].head.contains(&format!("Bearer {TOKEN}")));
    assert!(seen[1].head.contains("keyferry/"));
}

#[tokio::test]
async fn every_fault_leaves_one_request_and_the_right_doubt() {
    type Case = (&'static str, fn(&Seen) -> Reply, Left);
    let cases: [Case; 18] = [
        ("200", |_| Reply::json(200, FRESH), Left::Done),
        ("lost", |_| Reply::Lost, Left::Unknown),
        ("reset", |_| Reply::Reset, Left::Unknown),
        ("cut", |_| Reply::Cut(FRESH.to_owned()), Left::Unknown),
        ("500", |_| Reply::json(500, FRESH), Left::Unknown),
        (
            "503",
            |_| Reply::with(503, "retry-after: 0", ""),
            Left::Unknown,
        ),
        ("408", |_| Reply::json(408, ""), Left::Unknown),
        (
            "302",
            |_| Reply::with(302, "location: /elsewhere", ""),
            Left::Unknown,
        ),
        (
            "307",
            |_| Reply::with(307, "location: /elsewhere", ""),
            Left::Unknown,
        ),
        (
            "garbage",
            |_| Reply::json(200, "<html>canary"),
            Left::Unknown,
        ),
        ("nothing", |_| Reply::json(204, ""), Left::Unknown),
        (
            "no secret",
            |_| Reply::json(200, r#"{"clientId":"canary"}"#),
            Left::Unknown,
        ),
        (
            "empty secret",
            |_| Reply::json(200, r#"{"clientId":"canary","clientSecret":""}"#),
            Left::Unknown,
        ),
        (
            "secret of another type",
            |_| Reply::json(200, r#"{"clientId":"a","clientSecret":["canary"]}"#),
            Left::Unknown,
        ),
        ("401", |_| Reply::json(401, FRESH), Left::NotDone),
        ("403", |_| Reply::json(403, "{}"), Left::NotDone),
        ("409", |_| Reply::json(409, "{}"), Left::NotDone),
        (
            "429",
            |_| Reply::with(429, "retry-after: 0", "{}"),
            Left::NotDone,
        ),
    ];
    for (name, reply, expected) in cases {
        let (left, sent, text) = refresh(reply).await;
        assert_eq!(left, expected, "{name}");
        assert_eq!(sent, 1, "{name}");
        assert!(!text.contains("canary"), "{name}: {text}");
        assert!(!text.contains(API_SECRET), "{name}: {text}");
    }
}

/// A kept-alive connection that dies under the request is what makes an HTTP library send again.
#[tokio::test]
async fn the_refresh_never_travels_on_a_used_connection() {
    for dies in [|| Reply::Lost, || Reply::Reset] {
        let (issuer, client) = issuer(move |seen| match seen.method.as_str() {
            "POST" => dies(),
            _ => Reply::json(200, r#"{"agentId":"a"}"#),
        })
        .await;
        for _ in 0..5 {
            client.runner(RUNNER).await.expect("a runner");
        }
        let kept = issuer.seen().iter().any(|seen| seen.nth > 0);
        assert!(kept, "reads share a connection");
        let refreshed = client.refresh_credential(RUNNER).await;
        assert!(matches!(refreshed, Err(RefreshError::Unknown(_))));
        let seen = issuer.seen();
        let posts: Vec<_> = seen
            .iter()
            .filter(|seen| seen.target == CREDENTIALS)
            .collect();
        assert_eq!(posts.len(), 1);
        assert_eq!(posts[0].nth, 0, "a connection of its own");
    }
}

#[tokio::test]
async fn connections_closed_while_idle_do_not_matter() {
    let (issuer, client) = issuer(|seen| match seen.method.as_str() {
        "POST" => Reply::json(200, FRESH),
        _ => Reply::ThenClosed(r#"{"agentId":"a"}"#.to_owned()),
    })
    .await;
    for _ in 0..5 {
        client.runner(RUNNER).await.expect("a runner");
        assert!(client.refresh_credential(RUNNER).await.is_ok());
    }
    assert_eq!(issuer.count("POST", CREDENTIALS), 5);
}

#[tokio::test]
async fn what_was_never_sent_is_not_done() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = nobody.local_addr().expect("an address").to_string();
    drop(nobody);
    let grants = Issuer::start(|_| Reply::json(200, &granted(1800))).await;
    let mut endpoints = endpoints(&address);
    endpoints.token_url = format!("http://{}/token", grants.address)
        .parse()
        .expect("a url");
    let secret = SecretString::new(API_SECRET.to_owned());
    let client = Client::new(endpoints, "api-id".to_owned(), secret).expect("a client");
    let refreshed = client.refresh_credential(RUNNER).await;
    let Err(RefreshError::NotDone(Error::Unreachable { unsent: true, .. })) = refreshed else {
        panic!("nothing was sent");
    };
}

#[tokio::test]
async fn no_token_no_refresh() {
    let issuer = Issuer::start(|seen| match seen.path() {
        "/token" => Reply::json(401, r#"{"error":"invalid_client"}"#),
        _ => Reply::json(200, FRESH),
    })
    .await;
    let refreshed = client(&issuer).refresh_credential(RUNNER).await;
    assert!(matches!(refreshed, Err(RefreshError::NotDone(_))));
    assert_eq!(issuer.count("POST", CREDENTIALS), 0);
}

#[tokio::test]
async fn a_fault_that_quotes_a_secret_is_not_quoted() {
    let quoting = r#"{"title":"Oops","detail":"could not save canary","violations":["canary"]}"#;
    let (_issuer, client) = issuer(move |_| Reply::json(500, quoting)).await;
    let Err(error) = client.refresh_credential(RUNNER).await else {
        panic!("500 is a fault");
    };
    let text = format!("{error} {error:?}");
    assert!(text.contains("Oops") && !text.contains("canary"), "{text}");
    let Err(error) = client.credential(RUNNER).await else {
        panic!("500 is a fault");
    };
    let text = format!("{error} {error:?}");
    assert!(text.contains("Oops") && !text.contains("canary"), "{text}");
}

#[tokio::test]
async fn no_answer_in_time_leaves_a_doubt() {
    let (issuer, client) = issuer(|_| Reply::Silence).await;
    let request = Request {
        method: Method::POST,
        url: client.url(&["agents"]),
        bearer: None,
        payload: Payload::Empty,
        connection: Connection::Fresh,
        within: Duration::from_millis(100),
    };
    let Err(error) = client.inner.transport.send(request).await else {
        panic!("nobody answered");
    };
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    assert!(matches!(sort(error), RefreshError::Unknown(_)));
    assert_eq!(issuer.seen().len(), 1);
}
