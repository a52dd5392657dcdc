//! Any document, any style of the scalar: only the scalar changes, and libyaml, which Helm's own
//! parser is a port of, reads what was meant.

use proptest::prelude::*;
use yaml_serde::{Mapping, Value};

use super::{Document, KEY, Key};

/// A member of a mapping: how it is written below `indent` blanks.
#[derive(Clone, Debug)]
enum Member {
    Comment(String),
    Blank,
    Scalar(Written),
    List(Vec<Written>),
    Mapping(Vec<Member>),
    Anchored(Written),
}

/// A scalar: its style and what it means.
#[derive(Clone, Debug)]
struct Written {
    style: Style,
    value: String,
    comment: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
    Folded,
    Keep,
    NextLine,
    Tagged,
}

impl Written {
    /// Behind the colon or the dash, with the line's end.
    fn source(&self, indent: usize) -> String {
        let comment = self
            .comment
            .as_ref()
            .map(|text| format!(" # {text}"))
            .unwrap_or_default();
        let value = &self.value;
        let single = format!("'{}'", value.replace('\'', "''"));
        let double = serde_json::Value::from(value.as_str()).to_string();
        let inner = " ".repeat(indent + 2);
        let block = |header: &str| {
            let end = if header == "|+" { "\n" } else { "" };
            format!(" {header}{comment}\n{inner}{value}\n{end}")
        };
        match self.style {
            Style::Plain if is_plain(value) => format!(" {value}{comment}\n"),
            Style::Single => format!(" {single}{comment}\n"),
            Style::Literal if is_line(value) => block("|-"),
            Style::Folded if is_line(value) => block(">"),
            Style::Keep if is_line(value) => block("|+"),
            Style::NextLine => format!("{comment}\n{inner}{single}\n"),
            Style::Tagged => format!(" !!str {double}{comment}\n"),
            _ => format!(" {double}{comment}\n"),
        }
    }
}

fn is_plain(value: &str) -> bool {
    let ordinary = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    value.starts_with(|c: char| c.is_alphabetic()) && value.chars().all(ordinary) && value.len() > 5
}

fn is_line(value: &str) -> bool {
    !value.trim().is_empty() && !value.starts_with([' ', '\t'])
}

fn write(members: &[Member], indent: usize, prefix: &str, out: &mut String) {
    let lead = " ".repeat(indent);
    for (index, member) in members.iter().enumerate() {
        let name = format!("{prefix}{index}");
        match member {
            Member::Comment(text) => *out += &format!("{lead}# {text}\n"),
            Member::Blank => out.push('\n'),
            Member::Scalar(written) => *out += &format!("{lead}{name}:{}", written.source(indent)),
            Member::List(items) if items.is_empty() => *out += &format!("{lead}{name}: []\n"),
            Member::List(items) => {
                *out += &format!("{lead}{name}:\n");
                for item in items {
                    *out += &format!("{lead}-{}", item.source(indent));
                }
            }
            Member::Mapping(inner) => {
                *out += &format!("{lead}{name}:\n");
                *out += &format!("{lead}  first: {{a: [1, 'x'], \"b\": ~}}\n");
                write(inner, indent + 2, &format!("{name}-"), out);
            }
            Member::Anchored(written) => {
                let anchor = name.replace('-', "x");
                *out += &format!("{lead}{name}: &{anchor}{}", written.source(indent));
                *out += &format!("{lead}{name}-again: *{anchor}\n");
            }
        }
    }
}

fn written() -> impl Strategy<Value = Written> {
    let style = prop_oneof![
        Just(Style::Plain),
        Just(Style::Single),
        Just(Style::Double),
        Just(Style::Literal),
        Just(Style::Folded),
        Just(Style::Keep),
        Just(Style::NextLine),
        Just(Style::Tagged),
    ];
    let value = prop_oneof!["[a-z][a-zA-Z0-9./_-]{5,20}", "[ -~éß日\u{1f511}]{0,24}"];
    let comment = proptest::option::of("[ -~é]{0,12}");
    (style, value, comment).prop_map(|(style, value, comment)| Written {
        style,
        value,
        comment,
    })
}

fn members() -> impl Strategy<Value = Vec<Member>> {
    let leaf = prop_oneof![
        "[ -~é]{0,20}".prop_map(Member::Comment),
        Just(Member::Blank),
        written().prop_map(Member::Scalar),
        written().prop_map(Member::Anchored),
        proptest::collection::vec(written(), 0..3).prop_map(Member::List),
    ];
    let member = leaf.prop_recursive(3, 12, 4, |inner| {
        proptest::collection::vec(inner, 0..4).prop_map(Member::Mapping)
    });
    proptest::collection::vec(member, 0..4)
}

fn meaning(text: &str) -> Vec<Value> {
    let documents = yaml_serde::Deserializer::from_str(text);
    let read = documents.map(<Value as serde::Deserialize>::deserialize);
    read.collect::<Result<_, _>>().expect("libyaml reads it")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn only_the_scalar_changes(
        (before, after, around) in (members(), members(), members()),
        secret in written(),
        fresh in "[ -~éß日\u{1f511}]{1,40}",
        (crlf, start, more) in (any::<bool>(), any::<bool>(), any::<bool>()),
    ) {
        let mut head = if start { "---\n".to_owned() } else { String::new() };
        write(&around, 0, "a", &mut head);
        head += "config:\n";
        write(&before, 2, "b", &mut head);
        head += "  oauthClientSecret:";
        let mut tail = String::new();
        write(&after, 2, "c", &mut tail);
        tail += "last: x\n";
        if more {
            tail += "---\nconfig: {oauthClientSecret: other}\n";
        }
        let mut text = format!("{head}{}{tail}", secret.source(2));
        if crlf {
            text = text.replace('\n', "\r\n");
            head = head.replace('\n', "\r\n");
            tail = tail.replace('\n', "\r\n");
        }

        let document = Document::parse(&text).expect("YAML");
        let key = Key::parse(KEY);
        let scalar = document.scalar(&key).expect("a scalar");
        prop_assert_eq!(scalar.value.trim_end_matches('\n'), &secret.value);
        let quoted = serde_json::Value::from(fresh.as_str()).to_string();
        let edited = document.with(&[(&scalar, &quoted[1..quoted.len() - 1])]).expect("replaced");

        prop_assert!(edited.starts_with(&head) && edited.ends_with(&tail), "{}", edited);
        let between = &edited[head.len()..edited.len() - tail.len()];
        let (gap, rest) = between.split_once(&quoted).expect("the value");
        let kept = format!("{gap}{rest}");
        let comment = secret.comment.unwrap_or_default();
        let plain = kept.replace(&format!("# {comment}"), "").replace("!!str", "");
        prop_assert!(plain.trim().is_empty(), "{}", between);
        prop_assert_eq!(kept.contains('#'), between.replace(&quoted, "").contains('#'));

        let mut meant = meaning(&text);
        let root: &mut Mapping = meant[0].as_mapping_mut().expect("a mapping");
        root["config"]["oauthClientSecret"] = Value::from(fresh);
        prop_assert_eq!(meaning(&edited), meant);
    }
}
