//! Mistakes in `[matillion]` and in where secrets come from.

use super::mistakes::{check, issuer};

#[test]
fn the_issuers_section() {
    check(&[
        (String::new(), 1, 1, "has no `matillion`", None, "region"),
        (
            issuer("client_id = \"a\""),
            1,
            1,
            "where the issuer is",
            None,
            "eu1",
        ),
        (
            issuer("region = \"eu2\""),
            2,
            10,
            "is no region",
            Some("eu1"),
            "`au1`",
        ),
        (
            issuer("region = 1"),
            2,
            10,
            "a text in quotes, not integer",
            None,
            "text in quotes",
        ),
        (
            issuer("region = \"eu1\"\nbase_url = \"https://a\""),
            3,
            12,
            "stands beside `region`",
            None,
            "keep either",
        ),
        (
            issuer("region = \"eu1\"\ntoken_url = \"https://a\""),
            3,
            13,
            "stands beside `region`",
            None,
            "keep either",
        ),
        (
            issuer("base_url = \"https://a\""),
            2,
            12,
            "needs `token_url`",
            None,
            "add",
        ),
        (
            issuer("token_url = \"https://a\""),
            2,
            13,
            "needs `base_url`",
            None,
            "add",
        ),
        (
            issuer("base_url = \"http://a.example\"\ntoken_url = \"https://a\""),
            2,
            12,
            "this machine only",
            None,
            "https address",
        ),
        (
            issuer("base_url = \"eu1\"\ntoken_url = \"https://a\""),
            2,
            12,
            "is no address",
            None,
            "https://",
        ),
        (
            issuer("region = \"eu1\""),
            1,
            1,
            "has no `client_id`",
            None,
            "client_id = ",
        ),
        (
            issuer("region = \"eu1\"\nclient_id = \"\""),
            1,
            1,
            "has no `client_secret`",
            None,
            "env",
        ),
        (
            issuer("region = \"eu1\"\nclient_id = \"\"\nclient_secret = { env = \"A\" }"),
            3,
            13,
            "is empty",
            None,
            "value",
        ),
    ]);
}

#[test]
fn sources_of_secrets() {
    let source = |form: &str| {
        issuer(&format!(
            "region = \"eu1\"\nclient_id = \"a\"\nclient_secret = {form}"
        ))
    };
    let forms = "write client_secret = { env = \"NAME\" }, { file = \"path\" } or { command";
    check(&[
        (
            source("\"x\""),
            4,
            17,
            "may not stand in this file",
            None,
            forms,
        ),
        (source("{}"), 4, 17, "exactly one source", None, forms),
        (
            source("{ env = \"A\", file = \"b\" }"),
            4,
            17,
            "exactly one source",
            None,
            forms,
        ),
        (
            source("{ command = [] }"),
            4,
            29,
            "names no program",
            None,
            forms,
        ),
        (
            source("{ command = \"pass\" }"),
            4,
            29,
            "a list in [ ], not string",
            None,
            "list",
        ),
        (
            source("{ env = \"a-b\" }"),
            4,
            25,
            "no name of an environment",
            None,
            "MATILLION_",
        ),
    ]);
}
