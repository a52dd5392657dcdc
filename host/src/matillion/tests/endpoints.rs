//! Where a client secret may be sent.

use crate::matillion::{Client, Endpoints, Region, why_not};
use crate::secret::SecretString;

#[test]
fn addresses_are_https_or_stay_on_this_machine() {
    let table = [
        ("https://eu1.api.matillion.com/dpc", true),
        ("http://127.0.0.1:8080/dpc", true),
        ("http://127.9.9.9", true),
        ("http://[::1]:1/", true),
        ("http://localhost:1", true),
        ("http://localhost.example.org", false),
        ("http://10.0.0.1", false),
        ("http://issuer.example.org", false),
        ("ftp://127.0.0.1", false),
        ("file:///etc", false),
        ("https://user:pass@issuer.example.org", false),
        ("https://issuer.example.org/?a=b", false),
        ("https://issuer.example.org/#a", false),
    ];
    for (url, allowed) in table {
        assert_eq!(
            why_not(&url.parse().expect("a url")).is_none(),
            allowed,
            "{url}"
        );
    }
}

#[test]
fn regions_have_the_documented_addresses() {
    for name in Region::NAMES {
        let endpoints = Endpoints::region(name.parse::<Region>().expect("a region"));
        let expected = format!("https://{name}.api.matillion.com/dpc");
        assert_eq!(endpoints.base_url.as_str(), expected);
        assert_eq!(
            endpoints.token_url.as_str(),
            "https://id.core.matillion.com/oauth/dpc/token"
        );
    }
    assert!("eu2".parse::<Region>().is_err());
}

#[test]
fn a_refused_address_is_shown_without_its_password() {
    let mut endpoints = Endpoints::region(Region::Us1);
    endpoints.token_url = "https://user:canary@x.example/t?canary#canary"
        .parse()
        .expect("a url");
    let client = Client::new(endpoints, "id".to_owned(), SecretString::new(String::new()));
    let text = client.err().expect("refused").to_string();
    assert_eq!(
        text,
        "token_url `https://x.example/t` can't be used: an address may not hold a user or a password"
    );
}
