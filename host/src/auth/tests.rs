use super::*;

fn place(url: &str) -> Option<(String, String)> {
    AwsPlace::of(&Url::parse(url).unwrap()).map(|place| (place.service, place.region))
}

#[test]
fn only_hosts_of_aws_are_signed_for() {
    let eu = Some(("secretsmanager".to_owned(), "eu-west-1".to_owned()));
    assert_eq!(place("https://secretsmanager.eu-west-1.amazonaws.com/"), eu);
    assert_eq!(
        place("https://ecs.cn-north-1.amazonaws.com.cn/x")
            .unwrap()
            .1,
        "cn-north-1"
    );
    for other in [
        "https://secretsmanager.eu-west-1.amazonaws.com.evil.test/",
        "https://eu-west-1.amazonaws.com/",
        "https://a.b.c.amazonaws.com/",
        "https://127.0.0.1/",
    ] {
        assert_eq!(place(other), None, "{other}");
    }
}

#[tokio::test]
async fn a_credential_is_not_used_elsewhere() {
    let aws = Authenticator::Aws(Aws::new("aws".into(), None, None));
    let url = Url::parse("https://vault.example.com/").unwrap();
    let outgoing = Outgoing {
        method: "POST",
        asked: &url,
        url: &url,
        headers: &[],
        body: b"{}",
    };
    let refused = aws.headers(&outgoing).await.err().unwrap();
    assert!(matches!(refused, AuthError::WrongPlace { .. }), "{refused}");
    let missing = Authenticators::default();
    assert!(
        missing
            .get("aws")
            .err()
            .unwrap()
            .to_string()
            .contains("[auth.aws]")
    );
}
