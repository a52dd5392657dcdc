mod any;

use super::{Document, Obstacle};
use crate::key::Key;

const KEY: &str = "config.oauthClientSecret";

fn scalar(text: &str) -> Result<String, Obstacle> {
    let document = Document::parse(text)?;
    Ok(document.scalar(&Key::parse(KEY))?.value)
}

fn replaced(text: &str) -> String {
    let document = Document::parse(text).expect("YAML");
    let scalar = document.scalar(&Key::parse(KEY)).expect("a scalar");
    document.with(&[(&scalar, "T")]).expect("replaced")
}

#[test]
fn every_style_is_read_and_replaced_in_place() {
    for (before, means, after) in [
        ("old", "old", "\"T\""),
        ("old # c", "old", "\"T\" # c"),
        ("  old\t# c", "old", "  \"T\"\t# c"),
        ("12345678", "12345678", "\"T\""),
        ("'it''s'", "it's", "\"T\""),
        ("\"a\\\"b\" # c", "a\"b", "\"T\" # c"),
        ("''", "", "\"T\""),
        ("\"\"", "", "\"T\""),
        ("!!str old", "old", "!!str \"T\""),
        ("! 'old'", "old", "! \"T\""),
        ("&a old", "old", "&a \"T\""),
        ("&a !!str 'old' # c", "old", "&a !!str \"T\" # c"),
        ("!!str &a # c\n    old", "old", "!!str &a # c\n    \"T\""),
        ("# c\n    # d\n    'old'", "old", "# c\n    # d\n    \"T\""),
        ("two\n    lines # c", "two lines", "\"T\" # c"),
        ("'two\n\n    lines'", "two\nlines", "\"T\""),
        ("\"two \\\n    lines\" # c", "two lines", "\"T\" # c"),
        ("|\n    old", "old\n", "\"T\""),
        ("|-\n    old", "old", "\"T\""),
        ("|- # c\n    old\n    new  ", "old\nnew  ", "\"T\" # c"),
        (">\n    two\n    lines\n\n", "two lines\n", "\"T\"\n\n"),
        (">2-\n      indented", "  indented", "\"T\""),
        ("|+\n    old\n\n  # c", "old\n\n", "\"T\"\n\n  # c"),
        ("!!str |-\n    old", "old", "!!str \"T\""),
        ("&a >-\n    old", "old", "&a \"T\""),
        ("|-\n    # no comment", "# no comment", "\"T\""),
        ("|-", "", "\"T\""),
        ("|- # c\n", "", "\"T\" # c\n"),
    ] {
        for newline in ["\n", "\r\n"] {
            let whole = |value: &str| {
                let text = format!(
                    "\u{feff}# é\n---\na: [1, 'x']   # y\nconfig: &c\n  oauthClientId: id\n  oauthClientSecret: {value}\n  'z': |\n    kept  \n\n...\n---\nother: {{}}\n"
                );
                text.replace('\n', newline)
            };
            let text = whole(before);
            assert_eq!(scalar(&text).expect("a scalar"), means, "{text}");
            assert_eq!(replaced(&text), whole(after), "{text}");
        }
    }
}

#[test]
fn flow_json_and_odd_keys_are_understood() {
    for (before, after) in [
        (
            "{config: {oauthClientSecret: old}}",
            "{config: {oauthClientSecret: \"T\"}}",
        ),
        (
            "{config: {oauthClientSecret: old, a: b}}",
            "{config: {oauthClientSecret: \"T\", a: b}}",
        ),
        (
            "{\"config\":{\"oauthClientSecret\":\"old\"},\"a\":[]}",
            "{\"config\":{\"oauthClientSecret\":\"T\"},\"a\":[]}",
        ),
        (
            "? config\n: ? oauthClientSecret\n  : old\n",
            "? config\n: ? oauthClientSecret\n  : \"T\"\n",
        ),
        (
            "config:\n  ? 'oauthClientSecret' # c\n  : |-\n    old\n",
            "config:\n  ? 'oauthClientSecret' # c\n  : \"T\"\n",
        ),
        (
            "config:\n  oauthClientSecret : old",
            "config:\n  oauthClientSecret : \"T\"",
        ),
        (
            "%YAML 1.2\n---\nconfig: {oauthClientSecret: 'old'}\n",
            "%YAML 1.2\n---\nconfig: {oauthClientSecret: \"T\"}\n",
        ),
        (
            "config:\n  ? {complex: key}\n  : x\n  oauthClientSecret: old\n",
            "config:\n  ? {complex: key}\n  : x\n  oauthClientSecret: \"T\"\n",
        ),
    ] {
        assert_eq!(replaced(before), after);
    }
    let document = Document::parse("a.b:\n  c\\d: old\n").expect("YAML");
    let key = Key::parse("a\\.b.c\\\\d");
    assert_eq!(document.scalar(&key).expect("found").value, "old");
    assert_eq!(key.to_string(), "a\\.b.c\\\\d");
}

#[test]
fn what_cant_be_replaced_is_told_apart() {
    let absent = |merged| Obstacle::Absent { merged };
    for (text, obstacle) in [
        ("", absent(false)),
        ("# nothing\n", absent(false)),
        ("- config\n", absent(false)),
        ("config: x\n", absent(false)),
        ("config:\n  a: b\n", absent(false)),
        ("oauthClientSecret: x\n", absent(false)),
        (
            "b: &b {oauthClientSecret: x}\nconfig:\n  <<: *b\n",
            absent(true),
        ),
        (
            "a: b\n---\nconfig: {oauthClientSecret: x}\n",
            Obstacle::LaterDocument,
        ),
        (
            "config: {oauthClientSecret: x}\nconfig: {oauthClientSecret: y}\n",
            Obstacle::Twice,
        ),
        (
            "config:\n  oauthClientSecret: x\n  \"oauthClientSecret\": y\n",
            Obstacle::Twice,
        ),
        ("config:\n  oauthClientSecret:\n", Obstacle::Null),
        (
            "config:\n  oauthClientSecret: # c\n  a: b\n",
            Obstacle::Null,
        ),
        ("config:\n  oauthClientSecret: ~\n", Obstacle::Null),
        ("config:\n  oauthClientSecret: null\n", Obstacle::Null),
        ("config:\n  oauthClientSecret: {}\n", Obstacle::Collection),
        (
            "config:\n  oauthClientSecret:\n  - x\n",
            Obstacle::Collection,
        ),
        (
            "s: &s x\nconfig:\n  oauthClientSecret: *s\n",
            Obstacle::Alias,
        ),
        (
            "s: &s {oauthClientSecret: x}\nconfig: *s\n",
            Obstacle::Alias,
        ),
        (
            "config:\n  oauthClientSecret: &s x\n  again: *s\n",
            Obstacle::Shared,
        ),
        (
            "config:\n  oauthClientSecret: !!binary eA==\n",
            Obstacle::Tagged("tag:yaml.org,2002:!binary".to_owned()),
        ),
        (
            "config:\n  oauthClientSecret: !vault x\n",
            Obstacle::Tagged("!vault".to_owned()),
        ),
    ] {
        assert_eq!(scalar(text), Err(obstacle), "{text}");
    }
    assert!(matches!(scalar("config: {\n"), Err(Obstacle::Syntax(_))));
    assert!(matches!(
        scalar("config:\n\toauthClientSecret: x\n"),
        Err(Obstacle::Syntax(_))
    ));
}

#[test]
fn two_scalars_are_replaced_at_once_in_any_order() {
    let text = "config:\n  oauthClientSecret: |-\n    old\n  oauthClientId: old-id # c\n";
    let document = Document::parse(text).expect("YAML");
    let secret = document.scalar(&Key::parse(KEY)).expect("found");
    let id = document
        .scalar(&Key::parse("config.oauthClientId"))
        .expect("found");
    let after = document
        .with(&[(&id, "i\\\"d"), (&secret, "T")])
        .expect("replaced");
    assert_eq!(
        after,
        "config:\n  oauthClientSecret: \"T\"\n  oauthClientId: \"i\\\"d\" # c\n"
    );
}

#[test]
fn a_value_that_would_end_the_quotes_is_refused() {
    let text = "config:\n  oauthClientSecret: old\n  a: b\n";
    let document = Document::parse(text).expect("YAML");
    let secret = document.scalar(&Key::parse(KEY)).expect("found");
    for value in ["T\"\n  a: \"c", "T\" # ", "\\", "T\", x: \""] {
        assert_eq!(
            document.with(&[(&secret, value)]),
            Err(Obstacle::Unclear),
            "{value}"
        );
    }
}
