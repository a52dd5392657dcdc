//! Mistakes in `[runners.NAME]`, and in what it refers to.

use super::mistakes::{after, check, runner};
use super::*;

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
