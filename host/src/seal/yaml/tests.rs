use proptest::prelude::*;

use super::super::{DocumentError, KnownSecret, Seal, ValueId, parse_pointer};
use super::*;
use crate::secret::SecretString;

fn pointers(list: &[&str]) -> Vec<Vec<Segment>> {
    list.iter()
        .map(|pointer| parse_pointer(pointer).unwrap())
        .collect()
}

/// Seals and unseals; gives what a sink sees.
fn through(text: &str, seals: &[&str]) -> String {
    let (mut seal, _) = knowing("the-live-secret");
    let seen = seal
        .seal_document(text.as_bytes(), &pointers(seals))
        .unwrap();
    let back = seal.unseal(&seen).unwrap();
    assert_eq!(std::str::from_utf8(&back).unwrap(), text);
    String::from_utf8(seen.to_vec()).unwrap()
}

fn knowing(secret: &str) -> (Seal, ValueId) {
    let mut seal = Seal::new(vec!["client-1".into()]);
    let id = seal.know(KnownSecret::new(&SecretString::new(secret.into())));
    (seal, id)
}

fn lines_that_differ(one: &str, other: &str) -> usize {
    one.lines()
        .zip(other.lines())
        .filter(|(one, other)| one != other)
        .count()
}

const STYLES: [&str; 14] = [
    "'old-secret' # it's",
    "\"old-secret\" # \"x\"",
    "&a # old times\n    \"old-secret\"",
    "&a |-\n    old-secret",
    "old-secret",
    "'old-secret'",
    "\"old-secret\"",
    "'it''s old-secret # : x'",
    "\"old\\u002dsecret \\\" x\"",
    "!!str old-secret",
    "&anchor old-secret",
    "&a !!str 'old-secret'",
    "old-secret # a comment",
    "\"old\\\n    -secret\"",
];

#[test]
fn one_scalar_of_any_style_is_hidden_and_nothing_else_moves() {
    for newline in ["\n", "\r\n"] {
        for style in STYLES {
            let text = format!(
                "# head é\nconfig:  \n  id: client-1   # keep\n  key: {style}\n  other: [a, 'b']\nlast: \"x\"\n"
            );
            let text = text.replace('\n', newline);
            let seen = through(&text, &["/config/key"]);
            assert!(
                !seen.contains("old-") && !seen.contains("old\\"),
                "{style}: {seen}"
            );
            assert!(
                seen.contains("# head é") && seen.contains("[a, 'b']"),
                "{seen}"
            );
        }
    }
}

#[test]
fn blocks_keep_their_header() {
    for header in ["|", "|-", "|+", ">", ">-", "|2-", "| # c", ">+2"] {
        for content in [
            "    old-secret\n",
            "    old\n    secret\n",
            "    old\n\n      secret\n\n",
        ] {
            for newline in ["\n", "\r\n"] {
                let text = format!("config:\n  key: {header}\n{content}  next: 1\n");
                let text = text.replace('\n', newline);
                let seen = through(&text, &["/config/key"]);
                assert!(
                    !seen.contains("old") && !seen.contains("secret"),
                    "{text}\n{seen}"
                );
                assert!(seen.contains(header) && seen.contains("next: 1"), "{seen}");
            }
        }
    }
}

#[test]
fn documents_aliases_and_merges_are_followed() {
    let text = "base: &base {key: 'hidden-1', n: 1}\nconfig:\n  <<: *base\n  x: y\n---\nconfig: {key: hidden-2}\n---\nconfig: &c\n  key: hidden-3\nshared: *c\n";
    let seen = through(text, &["/config/key"]);
    assert!(!seen.contains("hidden"), "{seen}");
    assert!(seen.contains("<<: *base") && seen.contains("shared: *c"));
    let seen = through("a: &v hidden-4\nconfig:\n  key: *v\n", &["/config/key"]);
    assert!(seen.starts_with("a: &v kfseal"), "{seen}");
}

#[test]
fn everything_below_a_place_is_hidden() {
    let text =
        "env:\n- name: A\n  value: hidden-1\n- name: B\n  value: [hidden-2, {x: hidden-3}]\n";
    let seen = through(text, &["/env/*/value"]);
    assert!(
        !seen.contains("hidden") && seen.contains("name: B"),
        "{seen}"
    );
    let seen = through(text, &["/env/1"]);
    assert!(
        seen.contains("hidden-1") && !seen.contains("hidden-2"),
        "{seen}"
    );
    let seen = through(
        "a: '{\"k\": \"hidden-5\"}'\nb: plain\n",
        &["/a/#/k", "/b/#/k"],
    );
    assert!(
        !seen.contains("hidden") && seen.contains("b: plain"),
        "{seen}"
    );
}

#[test]
fn nothing_is_not_hidden_and_the_clients_id_is_no_secret() {
    let text = "config:\n  id: client-1\n  a:\n  b: ~\n  c: null\n  d: ''\n";
    let seen = through(text, &["/config/*"]);
    assert!(
        seen.contains("id: client-1\n  a:\n  b: ~\n  c: null\n"),
        "{seen}"
    );
}

#[test]
fn the_live_secret_is_found_in_every_spelling() {
    let spelled: String = "the-live-secret"
        .chars()
        .map(|c| format!("\\x{:02x}", c as u32))
        .collect();
    for scalar in [
        format!("\"{spelled}\""),
        "\"the-live\\\n    -secret\"".to_owned(),
        "the-live-secret".to_owned(),
        "|-\n    the-live-secret".to_owned(),
    ] {
        let text = format!("config:\n  key: {scalar}\n  {scalar}: x\n")
            .replace("  |-\n    the-live-secret: x\n", "");
        let text = match scalar.contains('\n') {
            true => format!("config:\n  key: {scalar}\n"),
            false => text,
        };
        let (mut seal, id) = knowing("the-live-secret");
        let seen = seal.seal_document(text.as_bytes(), &[]).unwrap();
        let seen = std::str::from_utf8(&seen).unwrap();
        assert!(!seen.contains("live") && !seen.contains("\\x"), "{seen}");
        assert_eq!(&*seal.unseal(seen.as_bytes()).unwrap(), text.as_bytes());
        let tree = Tree::parse(seen).unwrap();
        let values = tree.nodes.iter().filter_map(|node| match node {
            Node::Scalar(scalar) => Some(meaning(scalar).to_owned()),
            _ => None,
        });
        let matching = values.filter(|value| seal.matches(id, value)).count();
        assert!(matching >= 1, "{seen}");
    }
    let (mut seal, id) = knowing("two\nlines-of-it");
    let text = "key: |-\n  two\n  lines-of-it\n";
    let seen = seal.seal_document(text.as_bytes(), &[]).unwrap();
    let seen = std::str::from_utf8(&seen).unwrap();
    assert!(
        seal.matches(id, seen.trim().strip_prefix("key: |-\n  ").unwrap()),
        "{seen}"
    );
}

#[test]
fn the_stored_secret_by_place_is_the_known_one() {
    for scalar in [
        "the-live-secret",
        "'the-live-secret'",
        "|\n    the-live-secret",
    ] {
        let (mut seal, id) = knowing("the-live-secret");
        let text = format!("config:\n  key: {scalar}\n");
        let seen = seal
            .seal_document(text.as_bytes(), &pointers(&["/config/key"]))
            .unwrap();
        let tree = Tree::parse(std::str::from_utf8(&seen).unwrap()).unwrap();
        let Some(Node::Scalar(value)) = tree.nodes.last() else {
            panic!("no scalar")
        };
        assert!(seal.matches(id, value.value.trim_end()), "{scalar}");
    }
}

#[test]
fn what_can_not_be_searched_is_not_shown() {
    let (mut seal, _) = knowing("the-live-secret");
    for text in ["a: {b\n- c", "a: 'x", "{{ if }}: x: y\n a"] {
        let refused = seal.seal_document(text.as_bytes(), &pointers(&["/a"]));
        assert!(matches!(refused, Err(DocumentError::Unparsed(_))), "{text}");
        assert!(seal.seal_document(text.as_bytes(), &[]).is_ok());
    }
    let refused = seal.seal_document(b"a: \xff", &pointers(&["/a"]));
    assert!(matches!(refused, Err(DocumentError::NotText)));
    let deep = "[".repeat(5000);
    assert!(
        seal.seal_document(deep.as_bytes(), &pointers(&["/a"]))
            .is_err()
    );
    let laughs = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n";
    assert!(!through(laughs, &["/d"]).contains('x'));
    assert!(
        seal.seal_document(b"a: &a [*a]", &pointers(&["/a"]))
            .is_err()
    );
}

#[test]
fn a_long_values_file_changes_in_one_line() {
    let mut text = String::from(
        "# Default values\nreplicaCount: 2\nconfig:\n  oauthClientId: client-1\n  oauthClientSecret: stale-secret-1  # rotated\n",
    );
    for number in 0..200 {
        text.push_str(&format!(
            "section{number}: # note {number}\n  - 'a{number}'\n\n"
        ));
    }
    let seen = through(&text, &["/config/oauthClientSecret"]);
    assert_eq!(lines_that_differ(&text, &seen), 1);
}

fn scalar() -> impl Strategy<Value = String> {
    let inside = "[ -~é\u{2028}]{0,24}";
    prop_oneof![
        "[a-zA-Z0-9/+=_.-]{1,30}",
        inside.prop_map(|text: String| format!("'{}'", text.replace('\'', "''"))),
        inside
            .prop_map(|text: String| format!("\"{}\"", &*crate::seal::Encoding::Yaml.apply(&text))),
        "[a-z:#'\"{} ]{0,20}".prop_map(|text| format!("|-\n    x{text}\n    y")),
        "[a-z:#'\"{} ]{0,20}".prop_map(|text| format!(">\n    x{text}\n\n    y")),
    ]
}

proptest! {
    #[test]
    fn any_document_comes_back_byte_for_byte(
        scalars in prop::collection::vec(scalar(), 1..6),
        at in 0usize..6,
        crlf in any::<bool>(),
    ) {
        let mut text = String::from("# é\nroot:\n");
        for (index, scalar) in scalars.iter().enumerate() {
            text.push_str(&format!("  k{index}: {scalar}\n"));
        }
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        let at = at % scalars.len();
        let (mut seal, _) = knowing("the-live-secret");
        let before = Tree::parse(&text);
        prop_assume!(before.is_ok());
        let seen = seal.seal_document(text.as_bytes(), &pointers(&[&format!("/root/k{at}")])).unwrap();
        prop_assert_eq!(&*seal.unseal(&seen).unwrap(), text.as_bytes());
        let after = Tree::parse(std::str::from_utf8(&seen).unwrap()).unwrap();
        let before = before.unwrap();
        // The root, `root`, its mapping, and a key before each value.
        let hidden = 4 + 2 * at;
        let value = match &before.nodes[hidden] {
            Node::Scalar(scalar) => meaning(scalar).to_owned(),
            _ => String::new(),
        };
        for (id, pair) in before.nodes.iter().zip(&after.nodes).enumerate() {
            match pair {
                (Node::Scalar(one), Node::Scalar(other)) if one.value != other.value => {
                    // Only the field, and what holds its value as well.
                    prop_assert!(id == hidden || one.value.contains(&value));
                }
                (Node::Scalar(_), Node::Scalar(_)) => {
                    let nothing = value.trim().is_empty() || value == "null";
                    prop_assert!(id != hidden || nothing);
                }
                (one, other) => prop_assert!(one.same_shape(other)),
            }
        }
    }
}
