//! `[auth.NAME]` in every kind: what a right one becomes, and what is said of a wrong one.

use super::mistakes::{after, check};
use super::*;
use crate::config::{Auth, AzureMethod, SecretSource, Snowflake};

fn auth(lines: &str) -> Auth {
    good(&after(&format!("[auth.a]\n{lines}"))).auth["a"].clone()
}

fn azure(lines: &str) -> crate::config::Azure {
    match auth(&format!("kind = \"azure\"\n{lines}")) {
        Auth::Azure(azure) => *azure,
        _ => panic!("another kind"),
    }
}

#[test]
fn azure_has_one_endpoint_per_cloud() {
    for (lines, authority, scope) in [
        (
            "",
            "https://login.microsoftonline.com/",
            "https://management.azure.com/.default",
        ),
        (
            "authority = \"https://login.microsoftonline.us\"",
            "https://login.microsoftonline.us/",
            "https://management.usgovcloudapi.net/.default",
        ),
        (
            "authority = \"https://login.chinacloudapi.cn\"",
            "https://login.chinacloudapi.cn/",
            "https://management.chinacloudapi.cn/.default",
        ),
        (
            "authority = \"http://127.0.0.1:8080\"\nscope = \"https://arm.local/.default\"",
            "http://127.0.0.1:8080/",
            "https://arm.local/.default",
        ),
    ] {
        let azure = azure(lines);
        assert_eq!(
            (azure.authority.as_str(), azure.scope.as_str()),
            (authority, scope)
        );
        assert_eq!(azure.method, None);
    }
}

#[test]
fn azure_with_every_key() {
    let azure = azure(
        "method = \"certificate\"\ntenant_id = \"contoso.example\"\nclient_id = \"0-1\"\n\
         client_secret = { env = \"C\" }\ncertificate = { file = \"sp.pem\" }\n\
         certificate_password = { env = \"P\" }\ntoken_file = \"token\"",
    );
    assert_eq!(azure.method, Some(AzureMethod::Certificate));
    assert_eq!(azure.tenant_id.as_deref(), Some("contoso.example"));
    assert_eq!(azure.client_id.as_deref(), Some("0-1"));
    assert_eq!(azure.client_secret, Some(SecretSource::Env("C".into())));
    assert_eq!(
        azure.certificate,
        Some(SecretSource::File("/etc/keyferry/sp.pem".into()))
    );
    assert_eq!(
        azure.certificate_password,
        Some(SecretSource::Env("P".into()))
    );
    assert_eq!(azure.token_file, Some("/etc/keyferry/token".into()));
    let names: Vec<_> = AzureMethod::all().map(AzureMethod::name).collect();
    let order = [
        "client-secret",
        "certificate",
        "workload-identity",
        "managed-identity",
        "cli",
    ];
    assert_eq!(names, order);
}

#[test]
fn snowflake_in_three_ways() {
    let key = auth(
        "kind = \"snowflake\"\naccount = \"org-a\"\nuser = \"U\"\nprivate_key = { env = \"K\" }\n\
         private_key_passphrase = { env = \"P\" }",
    );
    let expected = Snowflake::KeyPair {
        account: "org-a".into(),
        user: "U".into(),
        private_key: SecretSource::Env("K".into()),
        passphrase: Some(SecretSource::Env("P".into())),
    };
    assert_eq!(key, Auth::Snowflake(Box::new(expected)));
    let token = |method: &str| {
        auth(&format!(
            "kind = \"snowflake\"\nmethod = \"{method}\"\ntoken = {{ env = \"T\" }}"
        ))
    };
    let source = || SecretSource::Env("T".into());
    assert_eq!(
        token("oauth"),
        Auth::Snowflake(Box::new(Snowflake::OAuth(source())))
    );
    let access = Snowflake::AccessToken(source());
    assert_eq!(token("access-token"), Auth::Snowflake(Box::new(access)));
}

#[test]
fn headers_are_bound_to_hosts() {
    let value = || SecretSource::Env("V".into());
    let header = auth(
        "kind = \"header\"\nname = \"Authorization\"\nprefix = \"Bearer \"\n\
         value = { env = \"V\" }\nhosts = [\"Vault.example.com\", \"b:8200\"]",
    );
    let expected = Auth::Header {
        name: "Authorization".into(),
        prefix: "Bearer ".into(),
        value: value(),
        hosts: vec!["vault.example.com".into(), "b:8200".into()],
    };
    assert_eq!(header, expected);
    let basic =
        auth("kind = \"basic\"\nuser = \"u\"\npassword = { env = \"V\" }\nhosts = [\"a:443\"]");
    let expected = Auth::Basic {
        user: "u".into(),
        password: value(),
        hosts: vec!["a".into()],
    };
    assert_eq!(basic, expected);
}

#[test]
fn mistakes_in_credentials() {
    let of = |kind: &str, lines: &str| after(&format!("[auth.a]\nkind = \"{kind}\"\n{lines}"));
    let pair = "account = \"org-a\"\nuser = \"U\"\n";
    check(&[
        (
            of("azure", "tenant_idd = \"x\""),
            7,
            1,
            "`tenant_idd` in [auth.a]",
            Some("tenant_id"),
            "`scope`",
        ),
        (
            of("azure", "method = \"secret\""),
            7,
            10,
            "not a word known",
            None,
            "`client-secret`",
        ),
        (
            of("azure", "client_secret = \"hunter2\""),
            7,
            17,
            "may not stand",
            None,
            "{ env =",
        ),
        (
            of("azure", "tenant_id = \"a/b\""),
            7,
            13,
            "is no id",
            None,
            "UUID",
        ),
        (
            of("azure", "authority = \"http://10.0.0.1\""),
            7,
            13,
            "not https",
            None,
            "microsoftonline",
        ),
        (
            of("azure", "authority = \"https://a/b\""),
            7,
            13,
            "scheme and host",
            None,
            "microsoftonline",
        ),
        (
            of("azure", "scope = \"https://a/b\""),
            7,
            9,
            "is no scope",
            None,
            "/.default",
        ),
        (
            of("snowflake", "user = \"U\""),
            5,
            1,
            "has no `account`",
            None,
            "ORGANIZATION-ACCOUNT",
        ),
        (
            of("snowflake", "account = \"https://a\""),
            7,
            11,
            "is no account",
            None,
            "myorg-prod",
        ),
        (
            of("snowflake", pair),
            5,
            1,
            "has no `private_key`",
            None,
            "{ env",
        ),
        (
            of("snowflake", "method = \"oauth\"\nuser = \"U\""),
            8,
            1,
            "`user` in",
            None,
            "`token`",
        ),
        (
            of("header", "name = \"Host\""),
            7,
            8,
            "can't be a header",
            None,
            "X-Vault-Token",
        ),
        (
            of("header", "name = \"X\"\nvalue = { env = \"V\" }"),
            5,
            1,
            "has no `hosts`",
            None,
            "vault.example.com",
        ),
        (
            of(
                "basic",
                "user = \"u\"\npassword = { env = \"V\" }\nhosts = [\"a\", \"*.b\"]",
            ),
            9,
            15,
            "is no host name",
            None,
            "without scheme",
        ),
        (
            of(
                "basic",
                "user = \"u\"\npassword = { env = \"V\" }\nhosts = []",
            ),
            9,
            9,
            "is empty",
            None,
            "name the hosts",
        ),
        (
            of("basic", "user = \"a:b\""),
            7,
            8,
            "holds a colon",
            None,
            "without one",
        ),
    ]);
}
