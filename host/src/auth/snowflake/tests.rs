use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use url::Url;

use super::*;
use crate::auth::fixtures::{DES3, PASSPHRASE};
use crate::config::SecretSource;

/// A source that gives this text.
fn source(folder: &tempfile::TempDir, name: &str, text: &str) -> SecretSource {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    SecretSource::File(path)
}

fn key_pair(folder: &tempfile::TempDir, passphrase: Option<&str>) -> Snowflake {
    let login = config::Snowflake::KeyPair {
        account: "MyOrg-etl_prod".into(),
        user: "keyferry".into(),
        private_key: source(folder, "key", DES3),
        passphrase: passphrase.map(|text| source(folder, "passphrase", text)),
    };
    Snowflake::new("snowflake", &login)
}

async fn headers(snowflake: &Snowflake, host: &str) -> Result<Vec<(String, String)>, AuthError> {
    let url = Url::parse(&format!("https://{host}/api/v2/statements")).unwrap();
    let outgoing = Outgoing {
        method: "POST",
        asked: &url,
        url: &url,
        headers: &[],
        body: b"{}",
    };
    let headers = snowflake.headers(&outgoing).await?;
    Ok(headers
        .into_iter()
        .map(|(name, value)| (name, value.expose().to_owned()))
        .collect())
}

#[tokio::test]
async fn a_key_pair_signs_in_as_the_connector_of_snowflake_does() {
    let folder = tempfile::tempdir().unwrap();
    let snowflake = key_pair(&folder, Some(PASSPHRASE));
    let headers = headers(&snowflake, "myorg-etl-prod.snowflakecomputing.com")
        .await
        .unwrap();
    let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["authorization", "x-snowflake-authorization-token-type"]
    );
    assert_eq!(headers[1].1, "KEYPAIR_JWT");
    let token = headers[0].1.strip_prefix("Bearer ").unwrap();
    let part = |n: usize| -> Value {
        let text = URL_SAFE_NO_PAD
            .decode(token.split('.').nth(n).unwrap())
            .unwrap();
        serde_json::from_slice(&text).unwrap()
    };
    assert_eq!(part(0), serde_json::json!({"typ": "JWT", "alg": "RS256"}));
    let claims = part(1);
    assert_eq!(claims["sub"], "MYORG-ETL_PROD.KEYFERRY");
    let issuer = "MYORG-ETL_PROD.KEYFERRY.SHA256:G8QnbXJ2OyYieh9EiPSfxekjM4x7QJeJMBl5IUK4Ygk=";
    assert_eq!(claims["iss"], issuer);
    let lives = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert!(lives <= 3600 && lives > 3000, "{lives}");
}

#[tokio::test]
async fn a_token_is_kept_until_it_is_nearly_over() {
    let folder = tempfile::tempdir().unwrap();
    let snowflake = key_pair(&folder, Some(PASSPHRASE));
    let now = SystemTime::now();
    let first = snowflake.token(now).await.unwrap();
    let kept = snowflake
        .token(now + Duration::from_secs(3200))
        .await
        .unwrap();
    assert!(first.same_as(&kept));
    let next = snowflake
        .token(now + Duration::from_secs(3300))
        .await
        .unwrap();
    assert!(!first.same_as(&next));
}

#[tokio::test]
async fn it_is_for_snowflake_only() {
    let folder = tempfile::tempdir().unwrap();
    let token = source(&folder, "token", "the-token\n");
    for (login, kind) in [
        (config::Snowflake::OAuth(token.clone()), "OAUTH"),
        (
            config::Snowflake::AccessToken(token),
            "PROGRAMMATIC_ACCESS_TOKEN",
        ),
    ] {
        let snowflake = Snowflake::new("snowflake", &login);
        for host in [
            "a.snowflakecomputing.com.evil.test",
            "snowflakecomputing.com",
            "evilsnowflakecomputing.com",
            "127.0.0.1",
        ] {
            let refused = headers(&snowflake, host).await.err().unwrap();
            assert!(matches!(refused, AuthError::WrongPlace { .. }), "{host}");
        }
        for host in [
            "a.snowflakecomputing.com",
            "a.privatelink.snowflakecomputing.com",
            "a.snowflakecomputing.cn",
        ] {
            let headers = headers(&snowflake, host).await.unwrap();
            assert_eq!(headers[0].1, "Bearer the-token");
            assert_eq!(headers[1].1, kind);
        }
    }
}

#[tokio::test]
async fn a_key_that_can_not_be_used_says_why_and_nothing_of_itself() {
    let folder = tempfile::tempdir().unwrap();
    for (passphrase, part) in [
        (None, "encrypted"),
        (Some("not-the-one"), "passphrase is not"),
    ] {
        let error = key_pair(&folder, passphrase)
            .warm()
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.contains("[auth.snowflake]") && error.contains(part),
            "{error}"
        );
        assert!(
            !error.contains("not-the-one") && !error.contains("MII"),
            "{error}"
        );
    }
}

#[test]
fn accounts_in_every_form() {
    for (account, expected) in [
        ("xy12345", "XY12345"),
        ("xy12345.eu-central-1", "XY12345"),
        ("xy12345.east-us-2.azure", "XY12345"),
        ("myorg-prod", "MYORG-PROD"),
        ("myorg-my_prod", "MYORG-MY_PROD"),
        ("acct-1a2b3c.global", "ACCT"),
    ] {
        assert_eq!(account_in_token(account), expected);
    }
}
