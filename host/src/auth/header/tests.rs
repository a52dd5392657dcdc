use url::Url;

use super::*;

fn outgoing(url: &Url) -> Outgoing<'_> {
    Outgoing {
        method: "GET",
        asked: url,
        url,
        headers: &[],
        body: b"",
    }
}

fn source(folder: &tempfile::TempDir, text: &str) -> SecretSource {
    let path = folder.path().join("secret");
    std::fs::write(&path, text).unwrap();
    SecretSource::File(path)
}

async fn one(header: &Header, url: &str) -> Result<(String, String), AuthError> {
    let url = Url::parse(url).unwrap();
    let mut headers = header.headers(&outgoing(&url)).await?;
    let (name, value) = headers.remove(0);
    Ok((name, value.expose().to_owned()))
}

#[tokio::test]
async fn each_kind_of_header() {
    let folder = tempfile::tempdir().unwrap();
    let secret = source(&folder, "päss:w0rd\n");
    let hosts = ["vault.example.com".to_owned()];
    let basic = Header::basic("vault", "user", &secret, &hosts);
    let (name, value) = one(&basic, "https://vault.example.com/x").await.unwrap();
    assert_eq!(name, "authorization");
    let pair = STANDARD
        .decode(value.strip_prefix("Basic ").unwrap())
        .unwrap();
    assert_eq!(pair, "user:päss:w0rd".as_bytes());
    let odd = Header::new("vault", "X-Vault-Token", "", &secret, &hosts);
    let error = odd.warm().await.err().unwrap().to_string();
    assert!(
        error.contains("can't stand in a header") && !error.contains("w0rd"),
        "{error}"
    );
    let secret = source(&folder, "tok-1");
    let header = Header::new("vault", "X-Vault-Token", "", &secret, &hosts);
    let set = one(&header, "https://vault.example.com/").await.unwrap();
    assert_eq!(set, ("x-vault-token".to_owned(), "tok-1".to_owned()));
    let header = Header::new("vault", "Authorization", "Bearer ", &secret, &hosts);
    assert_eq!(
        one(&header, "https://vault.example.com/").await.unwrap().1,
        "Bearer tok-1"
    );
}

#[tokio::test]
async fn only_the_hosts_named() {
    let folder = tempfile::tempdir().unwrap();
    let secret = source(&folder, "tok-1");
    let hosts = [
        "vault.example.com".to_owned(),
        "other.example.com:8200".to_owned(),
    ];
    let header = Header::new("vault", "X-Vault-Token", "", &secret, &hosts);
    for elsewhere in [
        "https://vault.example.com:8200/",
        "https://vault.example.com.evil.test/",
        "https://x.vault.example.com/",
        "https://other.example.com/",
    ] {
        let refused = one(&header, elsewhere).await.err().unwrap();
        assert!(
            matches!(refused, AuthError::WrongPlace { .. }),
            "{elsewhere}"
        );
    }
    assert!(
        one(&header, "https://other.example.com:8200/")
            .await
            .is_ok()
    );
    assert!(one(&header, "https://VAULT.example.com:443/").await.is_ok());
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_named() {
    let source = SecretSource::Env("KEYFERRY_TEST_NOT_SET".to_owned());
    let header = Header::basic("vault", "user", &source, &["a".to_owned()]);
    let error = header.warm().await.err().unwrap().to_string();
    assert!(
        error.contains("[auth.vault]") && error.contains("KEYFERRY_TEST_NOT_SET"),
        "{error}"
    );
}
