//! The offending line, shown so that a secret which someone wrote into the file by mistake, under
//! whatever key, does not end in a terminal or a build log.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

const MASK: &str = "…";

/// Keys whose value is shown even where the file can't be parsed.
const HARMLESS: &[&str] = &[
    "region",
    "kind",
    "plugin",
    "path",
    "id",
    "runner",
    "drain",
    "drain_timeout",
    "rollout_timeout",
    "connect_timeout",
    "rehearse",
    "host",
];

/// Line and column of a place, both from 1.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let start = line_start(text, at);
    let line = text[..start].matches('\n').count() + 1;
    (line, text[start..at].chars().count() + 1)
}

/// The line where `span` begins, with every value masked but the one at `span`, and that one too
/// if it is `secret`.
pub(super) fn parsed(text: &str, root: &DeTable<'_>, span: &Range<usize>, secret: bool) -> String {
    let mut leaves = Vec::new();
    for value in root.values() {
        collect(value, &mut leaves);
    }
    leaves.retain(|leaf| secret || leaf != span);
    leaves.sort_by_key(|leaf| leaf.start);
    let line = line_range(text, span.start);
    let (mut shown, mut at, mut marker) = (String::new(), line.start, None);
    let mut copy = |shown: &mut String, range: Range<usize>| {
        if marker.is_none() && span.start <= range.end {
            let upto = span.start.clamp(range.start, range.end);
            marker = Some(shown.chars().count() + text[range.start..upto].chars().count());
        }
        shown.push_str(&text[range]);
    };
    for leaf in leaves {
        if leaf.end > at && leaf.start < line.end {
            copy(&mut shown, at..leaf.start.max(at));
            shown.push_str(MASK);
            at = leaf.end.min(line.end).max(at);
        }
    }
    copy(&mut shown, at..line.end);
    let length = text[span.start..span.end.min(line.end)].chars().count();
    let hidden = secret || length == 0;
    let start = marker.unwrap_or(0);
    let room = shown.chars().count().saturating_sub(start);
    render(
        text,
        span.start,
        &shown,
        start,
        if hidden { 1 } else { length.min(room) },
    )
}

/// The line of a syntax error. What is a value can't be told there, so only well-known keys are
/// shown with theirs.
pub(super) fn unparsed(text: &str, at: usize) -> String {
    let line = &text[line_range(text, at)];
    let (key, value) = match line.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (line, None),
    };
    let harmless = HARMLESS.contains(&key.trim());
    let shown = match value {
        Some(_) if harmless => line.to_owned(),
        Some(_) => format!("{key}= {MASK}"),
        None if line.trim_start().starts_with('[') || line.trim().is_empty() => line.to_owned(),
        None => MASK.to_owned(),
    };
    let column = position(text, at).1 - 1;
    render(text, at, &shown, column.min(shown.chars().count()), 1)
}

fn render(text: &str, at: usize, line: &str, start: usize, length: usize) -> String {
    let number = position(text, at).0.to_string();
    let gutter = " ".repeat(number.len());
    let line = line.replace('\t', " ");
    let marker = format!("{}{}", " ".repeat(start), "^".repeat(length.max(1)));
    format!(
        "{gutter} |\n{number} | {}\n{gutter} | {marker}",
        line.trim_end()
    )
}

fn collect(value: &Spanned<DeValue<'_>>, leaves: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => table.values().for_each(|value| collect(value, leaves)),
        DeValue::Array(array) => array.iter().for_each(|value| collect(value, leaves)),
        _ => leaves.push(value.span()),
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

fn line_range(text: &str, at: usize) -> Range<usize> {
    let end = text[at..]
        .find('\n')
        .map_or(text.len(), |newline| at + newline);
    line_start(text, at)..end
}
