//! The bytes that a value is written with, from its first quote or block header to its end.

use std::ops::Range;

use saphyr_parser::ScalarStyle;

/// What a replacement takes out of the text, and what of it stays.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) begin: usize,
    pub(super) end: usize,
    /// Behind the new value: the comment in the line of a block's header.
    pub(super) kept: Range<usize>,
}

/// Where the parser saw a scalar, and how it is written. Of quoted scalars only the start can be
/// relied on: the end may lie behind white space or inside a comment.
pub(super) struct Seen {
    pub(super) span: Range<usize>,
    pub(super) style: ScalarStyle,
}

/// Finds the value's bytes behind its key; nothing if the text is not what the styles say.
pub(super) fn find(text: &str, key: &Seen, value: &Seen) -> Option<Source> {
    let key_begin = skip_properties(text, key.span.start)?;
    let colon = skip_blank(text, end(text, key_begin, key)?);
    let behind = text.get(colon..)?.strip_prefix(':')?;
    let begin = skip_properties(text, skip_blank(text, text.len() - behind.len()))?;
    match value.style {
        ScalarStyle::Literal | ScalarStyle::Folded => block(text, begin, value.span.end),
        _ => {
            let end = end(text, begin, value)?;
            (end > begin).then_some(Source {
                begin,
                end,
                kept: end..end,
            })
        }
    }
}

pub(super) fn end(text: &str, begin: usize, seen: &Seen) -> Option<usize> {
    let rest = text.get(begin..)?;
    match seen.style {
        ScalarStyle::SingleQuoted => quoted(rest, '\'', |rest| rest.starts_with("''")),
        ScalarStyle::DoubleQuoted => quoted(rest, '"', |rest| rest.starts_with('\\')),
        _ => Some(text.get(begin..seen.span.end)?.trim_end().len()),
    }
    .map(|length| begin + length)
}

/// The length with both quotes; what `escapes` says so is skipped with the character after it.
fn quoted(text: &str, quote: char, escapes: impl Fn(&str) -> bool) -> Option<usize> {
    let mut rest = text.strip_prefix(quote)?;
    while !rest.is_empty() {
        let mut characters = rest.chars();
        if escapes(rest) {
            characters.nth(1);
        } else if characters.next() == Some(quote) {
            return Some(text.len() - characters.as_str().len());
        }
        rest = characters.as_str();
    }
    None
}

/// A block: the header's indicators go, what follows them in their line stays, and so does the
/// last line's end.
fn block(text: &str, begin: usize, seen_end: usize) -> Option<Source> {
    let header = text.get(begin..)?.split(['\n', '\r']).next()?;
    let modifiers = header.strip_prefix(['|', '>'])?;
    let comment = modifiers.trim_start_matches(|c: char| "+-".contains(c) || c.is_ascii_digit());
    let header_end = begin + header.len();
    let kept = header_end - comment.len()..header_end;
    let lines = text.get(header_end..seen_end.max(header_end))?.trim_end();
    let behind = text[header_end + lines.len()..]
        .split(['\n', '\r'])
        .next()?;
    let blank = if behind.trim().is_empty() {
        behind.len()
    } else {
        0
    };
    Some(Source {
        begin,
        end: header_end + lines.len() + blank,
        kept,
    })
}

/// Behind anchor and tag, and the white space and comments between.
fn skip_properties(text: &str, mut at: usize) -> Option<usize> {
    while text.get(at..)?.starts_with(['&', '!']) {
        at += text[at..].find([' ', '\t', '\r', '\n'])?;
        at = skip_blank(text, at);
    }
    Some(at)
}

fn skip_blank(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let blank = rest.len()
            - rest
                .trim_start_matches([' ', '\t', '\r', '\n', '\u{feff}'])
                .len();
        let comment = match rest[blank..].starts_with('#') {
            true => rest[blank..]
                .find(['\n', '\r'])
                .unwrap_or(rest.len() - blank),
            false => 0,
        };
        if blank + comment == 0 {
            return at;
        }
        at += blank + comment;
    }
}
