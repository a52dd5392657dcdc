//! Every kind of mistake: where it is, what comes close, what would be right.

use super::*;

/// Text, line and column, a part of the problem, the nearest word, a part of the remedy.
pub(super) type Case<'a> = (String, usize, usize, &'a str, Option<&'a str>, &'a str);

pub(super) fn check(cases: &[Case<'_>]) {
    for (text, line, column, problem, nearest, remedy) in cases {
        let found = mistake(text);
        let shown = format!("{found}\n--- in\n{text}");
        assert_eq!((found.line, found.column), (*line, *column), "{shown}");
        assert!(found.problem.contains(problem), "{problem} in {shown}");
        assert_eq!(found.nearest.as_deref(), *nearest, "{shown}");
        assert!(found.remedy.contains(remedy), "{remedy} in {shown}");
    }
}

pub(super) fn issuer(lines: &str) -> String {
    format!("[matillion]\n{lines}\n")
}

pub(super) fn runner(lines: &str) -> String {
    [ISSUER, PLUGIN, RUNNER, lines].concat()
}

pub(super) fn after(lines: &str) -> String {
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
