//! The reference page against the readers. What is accepted is taken from the readers' own refusals,
//! so a key that is added, renamed or given another default is missed on the page here.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::config::units;
use crate::plugins::allowance;

const PAGE: &str = include_str!("../../../../docs/configuration.md");

/// Pages with examples of the same file.
const OTHERS: [&str; 4] = [
    include_str!("../../../../docs/aws-ecs.md"),
    include_str!("../../../../docs/azure-container-apps.md"),
    include_str!("../../../../docs/helm.md"),
    include_str!("../../../../docs/snowflake.md"),
];

/// A table of the page: its rows, cell by cell.
type Rows = Vec<Vec<&'static str>>;

/// The tables by the heading they stand under, without those of other things than keys.
fn tables() -> BTreeMap<&'static str, Rows> {
    let (mut heading, mut fenced) = ("", false);
    let mut tables: BTreeMap<_, Rows> = BTreeMap::new();
    for line in PAGE.lines() {
        fenced ^= line.starts_with("```");
        if fenced {
            continue;
        }
        if line.starts_with('#') {
            heading = line.trim_start_matches('#').trim();
        } else if line.starts_with("| `") && heading != "The environment" {
            let cells = line.trim_matches('|').split('|').map(str::trim);
            tables.entry(heading).or_default().push(cells.collect());
        }
    }
    tables
}

fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What the readers would have accepted in the place of `zz`.
fn accepted(text: &str) -> BTreeSet<String> {
    let remedy = mistake(text).remedy;
    let words = remedy.strip_prefix("accepted here: ");
    let words = words.unwrap_or_else(|| panic!("{remedy}\n{text}"));
    spans(words).map(str::to_owned).collect()
}

fn after(lines: &str) -> String {
    format!("{ISSUER}{PLUGIN}{lines}")
}

fn auth(kind: &str, lines: &str) -> String {
    after(&format!("[auth.a]\nkind = \"{kind}\"\n{lines}\n"))
}

/// For every section a file, or two, with a key that it can't know.
fn probes() -> Vec<(&'static str, String)> {
    vec![
        (
            "Secrets",
            ISSUER.replace("{ env = \"S\" }", "{ zz = \"S\" }"),
        ),
        ("`[matillion]`", ISSUER.replace("region", "zz")),
        (
            "`[runners.NAME]`",
            after(&RUNNER.replace("plugin", "zz = 1\nplugin")),
        ),
        (
            "`[plugins.NAME]`",
            format!("{ISSUER}{}", PLUGIN.replace("path", "zz")),
        ),
        ("`[limits]`", after("[limits]\nzz = 1")),
        ("`[limits]`", after("limits = { zz = 1 }")),
        ("`kind = \"aws\"`", auth("aws", "zz = 1")),
        ("`kind = \"azure\"`", auth("azure", "zz = 1")),
        ("`kind = \"snowflake\"`", auth("snowflake", "zz = 1")),
        (
            "`kind = \"snowflake\"`",
            auth("snowflake", "method = \"oauth\"\nzz = 1"),
        ),
        ("`kind = \"header\"`", auth("header", "zz = 1")),
        ("`kind = \"basic\"`", auth("basic", "zz = 1")),
        ("`[[routes]]`", after("[[routes]]\nzz = 1")),
        ("`[[allow_private]]`", after("[[allow_private]]\nzz = 1")),
        ("`[journal]`", after("[journal]\nzz = 1")),
    ]
}

#[test]
fn the_page_has_every_key_and_no_other() {
    let mut keys: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for (heading, text) in probes() {
        keys.entry(heading).or_default().extend(accepted(&text));
    }
    for keys in keys.values_mut() {
        // It stands in the headings.
        keys.remove("kind");
    }
    let listed = tables().into_iter().map(|(heading, rows)| {
        let keys = rows.iter().flat_map(|row| spans(row[0])).map(str::to_owned);
        (heading, keys.collect())
    });
    assert_eq!(listed.collect::<BTreeMap<_, BTreeSet<_>>>(), keys);
}

#[test]
fn the_page_has_every_section_and_every_kind() {
    let headings: Vec<_> = PAGE
        .lines()
        .filter(|line| line.starts_with('#'))
        .flat_map(spans)
        .collect();
    for section in accepted(&format!("zz = 1\n{ISSUER}")) {
        let forms = [
            format!("[{section}]"),
            format!("[[{section}]]"),
            format!("[{section}.NAME]"),
        ];
        let found = forms.iter().any(|form| headings.contains(&form.as_str()));
        assert!(found, "no heading for {section}");
    }
    for kind in accepted(&auth("zz", "")) {
        let heading = format!("kind = \"{kind}\"");
        assert!(headings.contains(&heading.as_str()), "no {heading}");
    }
}

#[test]
fn the_page_has_every_word_that_a_key_takes() {
    let regions = ISSUER.replace("eu1", "zz");
    let drains = after(&format!("{RUNNER}drain = \"zz\""));
    for (heading, key, text) in [
        ("`[runners.NAME]`", "drain", drains),
        (
            "`kind = \"azure\"`",
            "method",
            auth("azure", "method = \"zz\""),
        ),
        (
            "`kind = \"snowflake\"`",
            "method",
            auth("snowflake", "method = \"zz\""),
        ),
        ("`[matillion]`", "region", regions),
    ] {
        let tables = tables();
        let row = tables[heading].iter().find(|row| spans(row[0]).eq([key]));
        let words = spans(row.expect("a row")[1]).map(|word| word.trim_matches('"').to_owned());
        assert_eq!(words.collect::<BTreeSet<_>>(), accepted(&text), "{key}");
    }
}

/// The lines that set what the page says holds anyway.
fn defaults(heading: &str) -> String {
    let line = |row: &Vec<&str>| {
        let default = spans(row[2]).next().filter(|default| {
            // Others name a variable.
            !default.starts_with(|c: char| c.is_ascii_uppercase())
        })?;
        Some(format!("{} = {default}\n", spans(row[0]).next()?))
    };
    let lines: Vec<String> = tables()[heading].iter().filter_map(line).collect();
    assert!(!lines.is_empty(), "no defaults under {heading}");
    lines.concat()
}

#[test]
fn the_defaults_on_the_page_are_the_defaults() {
    let written = defaults("`[runners.NAME]`");
    let with = good(&after(&format!("{RUNNER}{written}")));
    let without = good(&after(RUNNER));
    assert_eq!(
        format!("{:?}", with.runners),
        format!("{:?}", without.runners)
    );

    let pair = "account = \"a\"\nuser = \"u\"\nprivate_key = { env = \"K\" }\n";
    for (kind, needed) in [("azure", ""), ("snowflake", pair)] {
        let written = defaults(&format!("`kind = \"{kind}\"`"));
        let with = good(&auth(kind, &format!("{needed}{written}")));
        assert_eq!(with.auth, good(&auth(kind, needed)).auth);
    }

    let written = defaults("`[limits]`");
    let limits = |config: Config| allowance(&config.plugins["aws-ecs"]).limits;
    let with = limits(good(&after(&format!("[limits]\n{written}"))));
    let mut without = limits(good(&after("")));
    let tables = tables();
    let mut times = tables["`[limits]`"]
        .iter()
        .find(|row| row[0] == "`time`")
        .map(|row| spans(row[2]).skip(1))
        .expect("a row for time");
    let longer = times.next().map(|time| time.trim_matches('"'));
    assert_eq!(
        longer.and_then(units::duration),
        Some(without.time_with_commands)
    );
    // Where it is set, it is one for both.
    without.time_with_commands = without.time;
    assert_eq!(format!("{with:?}"), format!("{without:?}"));
}

#[test]
fn every_example_loads() {
    for page in [PAGE].into_iter().chain(OTHERS) {
        let blocks = page.split("```toml\n").skip(1);
        let examples: Vec<_> = blocks.filter_map(|rest| rest.split("```").next()).collect();
        assert!(!examples.is_empty(), "no example in {}", &page[..60]);
        for example in examples {
            let issuer = match example.contains("[matillion]") {
                true => "",
                false => ISSUER,
            };
            good(&format!("{issuer}{example}"));
        }
    }
}
