//! Every kind of mistake: where it is, what comes close, what would be right.

use super::*;

/// Text, line and column, a part of the problem, the nearest word, a part of the remedy.
type Case<'a> = (String, usize, usize, &'a str, Option<&'a str>, &'a str);

fn check(cases: &[Case<'_>]) {
    for (text, line, column, problem, nearest, remedy) in cases {
        let found = mistake(text);
        let shown = format!("{found}\n--- in\n{text}");
        assert_eq!((found.line, found.column), (*line, *column), "{shown}");
        assert!(found.problem.contains(problem), "{problem} in {shown}");
        assert_eq!(found.nearest.as_deref(), *nearest, "{shown}");
        assert!(found.remedy.contains(remedy), "{remedy} in {shown}");
    }
}

fn issuer(lines: &str) -> String {
    format!("[matillion]\n{lines}\n")
}

fn runner(lines: &str) -> String {
    [ISSUER, PLUGIN, RUNNER, lines].concat()
}

fn after(lines: &str) -> String {
    [ISSUER, lines].concat()
}

#[test]
fn unknown_keys_at_every_level() {
    check(&[
        (
            after("[runer]\n"),
            5,
            2,
            "unknown key `runer` in this file",
            Some("runners"),
            "`journal`",
        ),
        (
            issuer("regoin = \"eu1\""),
            2,
            1,
            "`regoin` in [matillion]",
            Some("region"),
            "`base_url`",
        ),
        (
            after("[auth.aws]\nkind = \"aws\"\nprofil = \"x\""),
            7,
            1,
            "`profil` in [auth.aws]",
            Some("profile"),
            "`role_arn`",
        ),
        (
            after("[plugins.p]\npath = \"p\"\nlimits = { memroy = \"1GiB\" }"),
            7,
            12,
            "`memroy` in [plugins.p.limits]",
            Some("memory"),
            "`log_lines`",
        ),
        (
            runner("darin = \"wait\""),
            10,
            1,
            "`darin` in [runners.etl]",
            Some("drain"),
            "`rehearse`",
        ),
        (
            after("[[routes]]\nform = \"https://a\""),
            6,
            1,
            "`form` in",
            Some("from"),
            "`to`",
        ),
        (
            after("[journal]\nzzz = 1"),
            6,
            1,
            "`zzz`",
            None,
            "accepted here: `recipients`",
        ),
        (
            issuer("region = \"eu1\"\nclient_id = \"a\"\nclient_secret = { evn = \"A\" }"),
            4,
            19,
            "`evn` in [matillion.client_secret]",
            Some("env"),
            "`command`",
        ),
    ]);
}

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

#[test]
fn runners_and_what_they_refer_to() {
    let other = |id: &str, plugin: &str| {
        let section = format!("[runners.etl]\n{id}\nplugin = \"{plugin}\"\n");
        [ISSUER, PLUGIN, &section].concat()
    };
    let id = "id = \"3fa85f64-5717-4562-b3fc-2c963f66afa6\"";
    check(&[
        (
            other("", "aws-ecs"),
            7,
            1,
            "which runner it is",
            None,
            "add id",
        ),
        (
            other("id = \"3fa8\"", "aws-ecs"),
            8,
            6,
            "is no UUID",
            None,
            "runner = ",
        ),
        (
            other("id = \"3fa85f6457174562b3fc2c963f66afa6\"", "aws-ecs"),
            8,
            6,
            "is no UUID",
            None,
            "copy the id",
        ),
        (
            other("runner = \"a\"\nid = \"b\"", "aws-ecs"),
            8,
            10,
            "beside `id`",
            None,
            "keep one",
        ),
        (
            other(id, "aws-esc"),
            9,
            10,
            "no configured plugin",
            Some("aws-ecs"),
            "`aws-ecs`",
        ),
        (
            [ISSUER, "[runners.etl]\n", id].concat(),
            5,
            1,
            "has no `plugin`",
            None,
            "plugin = ",
        ),
        (
            runner("drain = \"paus\""),
            10,
            9,
            "not a word known here",
            Some("pause"),
            "`wait`",
        ),
        (
            runner("rehearse = \"no\""),
            10,
            12,
            "true or false, not string",
            None,
            "true or false",
        ),
        (
            runner("connect_timeout = 30"),
            10,
            19,
            "is no duration",
            None,
            "\"30m\"",
        ),
        (
            runner("drain_timeout = \"30\""),
            10,
            17,
            "is no duration",
            None,
            "\"90s\"",
        ),
        (
            runner("auth = { aws = \"aws\" }"),
            10,
            16,
            "no configured [auth.NAME]",
            None,
            "accepted",
        ),
        (
            runner("settings = 1"),
            10,
            12,
            "must be a table",
            None,
            "settings = {",
        ),
        (
            runner("settings = { a = inf }"),
            10,
            18,
            "no place in JSON",
            None,
            "finite",
        ),
        (
            runner("settings = { a = 99999999999999999999 }"),
            10,
            18,
            "is too large",
            None,
            "64 bits",
        ),
        (
            after("[runners.\"a b\"]\n"),
            5,
            10,
            "`a b` can't be a name",
            None,
            "64 of the",
        ),
    ]);
}

#[test]
fn the_other_sections() {
    check(&[
        (
            after("[auth.aws]\nkind = \"awz\""),
            6,
            8,
            "not a word known",
            Some("aws"),
            "`aws`",
        ),
        (
            after("[auth.aws]\n"),
            5,
            1,
            "[auth.aws] has no `kind`",
            None,
            "kind = \"aws\"",
        ),
        (
            after("[auth.aws]\nkind = \"aws\"\nrole_arn = \"admin\""),
            7,
            12,
            "no ARN of a role",
            None,
            "arn:aws:iam::",
        ),
        (
            after("[plugins.p]\n"),
            5,
            1,
            "[plugins.p] has no `path`",
            None,
            ".wasm",
        ),
        (
            after("[limits]\nmemory = \"64 MB\""),
            6,
            10,
            "is no size",
            None,
            "\"64MiB\"",
        ),
        (
            after("[limits]\nmemory = \"5GiB\""),
            6,
            10,
            "is too large",
            None,
            "4GiB",
        ),
        (
            after("[limits]\nrequests = 0"),
            6,
            12,
            "whole number above 0",
            None,
            "whole number",
        ),
        (
            after("[plugins.p]\npath = \"p\"\nenvironment = [\"PATH\", \"A=b\"]"),
            7,
            24,
            "no name of an environment",
            None,
            "name",
        ),
        (
            after("[routes]\nfrom = \"https://a\""),
            5,
            1,
            "must be a list",
            None,
            "list",
        ),
        (
            after("[[routes]]\nfrom = \"http://127.0.0.1\""),
            6,
            8,
            "not https",
            None,
            "https://host",
        ),
        (
            after("[[routes]]\nfrom = \"https://a\"\nto = \"http://10.0.0.1\""),
            7,
            6,
            "this machine only",
            None,
            "https address",
        ),
        (
            after("[[routes]]\nfrom = \"https://a/b\"\nto = \"https://b\""),
            6,
            8,
            "has a path",
            None,
            "host and port only",
        ),
        (
            after("routes = [{ from = \"https://a\", to = \"https://b\" }]"),
            5,
            1,
            "unknown key `routes` in [matillion]",
            None,
            "accepted here",
        ),
        (
            after(
                "[[routes]]\nfrom = \"https://a\"\nto = \"https://b\"\n[[routes]]\nfrom = \"https://A:443/\"\nto = \"https://c\"",
            ),
            9,
            8,
            "has a route already",
            None,
            "one route per host",
        ),
        (
            after("[[routes]]\nfrom = \"https://a\""),
            5,
            1,
            "has no `to`",
            None,
            "to = ",
        ),
        (
            after("[[allow_private]]\nhost = \"*.internal\"\nranges = [\"10.0.0.0/8\"]"),
            6,
            8,
            "no host name",
            None,
            "vault.internal",
        ),
        (
            after("[[allow_private]]\nhost = \"a\"\nranges = [\"10.0.0.0/8\", \"10.0.0/8\"]"),
            7,
            25,
            "no range of addresses",
            None,
            "10.20.0.0/16",
        ),
        (
            after("[[allow_private]]\nhost = \"a\"\nranges = [\"169.254.0.0/16\"]"),
            7,
            11,
            "cloud credentials",
            None,
            "own addresses",
        ),
        (
            after("[[allow_private]]\nhost = \"a\"\nranges = [\"::/0\"]"),
            7,
            11,
            "everything",
            None,
            "own addresses",
        ),
        (
            after("[[allow_private]]\nhost = \"a\"\nranges = []"),
            7,
            10,
            "is empty",
            None,
            "ranges =",
        ),
        (
            after("[journal]\nrecipients = [\"AGE-SECRET-KEY-1\"]"),
            6,
            15,
            "no age recipient",
            None,
            "public key",
        ),
    ]);
}

#[test]
fn what_is_no_toml() {
    check(&[
        (
            issuer("region = eu1"),
            2,
            10,
            "this is not TOML",
            None,
            "quotes",
        ),
        (
            issuer("region = \"eu1"),
            2,
            14,
            "this is not TOML",
            None,
            "quotes",
        ),
        (
            issuer("region = \"eu1\"\nregion = \"us1\""),
            3,
            1,
            "not TOML",
            None,
            "only once",
        ),
        (issuer("region"), 2, 7, "this is not TOML", None, "quotes"),
    ]);
}
