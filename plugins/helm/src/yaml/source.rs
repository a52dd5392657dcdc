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

/// Finds them between the end of the key and the end of the value; nothing if the text is not
/// what the style says.
pub(super) fn find(
    text: &str,
    key_end: usize,
    value: Range<usize>,
    style: ScalarStyle,
) -> Option<Source> {
    let begin = first_character(text, key_end)?;
    let end = begin.max(value.start) + text.get(begin.max(value.start)..value.end)?.trim_end().len();
    let source = text.get(begin..end.max(begin))?;
    let plain = |end| Some(Source { begin, end, kept: end..end });
    match style {
        ScalarStyle::Plain => (!source.is_empty()).then(|| plain(end))?,
        ScalarStyle::SingleQuoted => quoted(source, '\'').then(|| plain(end))?,
        ScalarStyle::DoubleQuoted => quoted(source, '"').then(|| plain(end))?,
        ScalarStyle::Literal | ScalarStyle::Folded => block(text, begin, end),
    }
}

fn quoted(source: &str, quote: char) -> bool {
    source.len() >= 2 && source.starts_with(quote) && source.ends_with(quote)
}

/// A block: the header's indicators go, what follows them in their line stays, and so does the
/// last line's end.
fn block(text: &str, begin: usize, end: usize) -> Option<Source> {
    let header = text[begin..].split(['\n', '\r']).next()?;
    let indicators = header.len() - header.strip_prefix(['|', '>'])?.trim_start_matches(['+', '-', '1', '2', '3', '4', '5', '6', '7', '8', '9']).len();
    let line_end = begin + header.len();
    let kept = begin + indicators..line_end;
    let last_line = text[end.max(line_end)..].split(['\n', '\r']).next()?;
    let end = end.max(line_end) + if last_line.trim().is_empty() { last_line.len() } else { 0 };
    Some(Source { begin, end, kept })
}

/// Behind the colon, white space, comments, anchor and tag.
fn first_character(text: &str, key_end: usize) -> Option<usize> {
    let mut at = skip_blank(text, key_end);
    if !text[at..].starts_with(':') {
        return None;
    }
    at = skip_blank(text, at + 1);
    while text[at..].starts_with(['&', '!']) {
        let rest = &text[at..];
        at += rest.find(char::is_whitespace)?;
        at = skip_blank(text, at);
    }
    Some(at)
}

fn skip_blank(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{feff}']).len();
        let comment = match rest[blank..].starts_with('#') {
            true => rest[blank..].find(['\n', '\r']).unwrap_or(rest.len() - blank),
            false => 0,
        };
        if blank + comment == 0 {
            return at;
        }
        at += blank + comment;
    }
}
