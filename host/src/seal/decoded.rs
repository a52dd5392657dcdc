//! What bytes mean once every escape in them is undone: of JSON, of URIs, of XML, and the line
//! breaks and zeros that folding and wide characters bring along. No list of forms holds all the
//! ways in which escapes can be mixed; undoing them on both sides, text and value, needs none.

use std::ops::Range;

use zeroize::Zeroizing;

/// How often escapes may be nested.
pub const DEEPEST: usize = 4;

/// Bytes with one layer of escapes undone, and where each came from.
pub struct View {
    /// What is looked through.
    pub bytes: Zeroizing<Vec<u8>>,
    origins: Vec<(u32, u32)>,
}

impl View {
    /// `bytes` as they are.
    pub fn plain(bytes: &[u8]) -> Self {
        let whole = 0..u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Self {
            bytes: Zeroizing::new(bytes.to_vec()),
            origins: whole.map(|at| (at, at + 1)).collect(),
        }
    }

    /// One layer further; `None` if there was nothing to undo.
    pub fn deeper(&self) -> Option<Self> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.bytes.len()));
        let mut origins = Vec::with_capacity(self.bytes.len());
        let changed = undo(&self.bytes, &mut |piece| match piece {
            Piece::Same(range) => {
                bytes.extend_from_slice(&self.bytes[range.clone()]);
                origins.extend_from_slice(&self.origins[range]);
            }
            Piece::Meaning(meaning, range) => {
                let origin = (self.origins[range.start].0, self.origins[range.end - 1].1);
                bytes.extend_from_slice(meaning);
                origins.extend(std::iter::repeat_n(origin, meaning.len()));
            }
        });
        changed.then_some(Self { bytes, origins })
    }

    /// Where the bytes of the view from `start` to `end` stand in what it was made of.
    pub fn origin(&self, start: usize, end: usize) -> (usize, usize) {
        (
            self.origins[start].0 as usize,
            self.origins[end - 1].1 as usize,
        )
    }
}

/// `bytes` with one layer of escapes undone; `None` if there is none.
pub fn once(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if !bytes.iter().any(|byte| begins_escape(*byte)) {
        return None;
    }
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let changed = undo(bytes, &mut |piece| {
        out.extend_from_slice(match piece {
            Piece::Same(range) => &bytes[range],
            Piece::Meaning(meaning, _) => meaning,
        });
    });
    changed.then_some(out)
}

/// What stands in a range of bytes.
enum Piece<'m> {
    /// What is there.
    Same(Range<usize>),
    /// What an escape means.
    Meaning(&'m [u8], Range<usize>),
}

fn begins_escape(byte: u8) -> bool {
    matches!(byte, b'\\' | b'%' | b'&' | b'\r' | b'\n' | 0)
}

/// Gives every piece in order; says whether there was any escape.
fn undo(bytes: &[u8], emit: &mut dyn FnMut(Piece<'_>)) -> bool {
    let (mut at, mut changed) = (0, false);
    while at < bytes.len() {
        let rest = &bytes[at..];
        let plain = rest.iter().position(|byte| begins_escape(*byte));
        let plain = plain.unwrap_or(rest.len());
        if plain > 0 {
            emit(Piece::Same(at..at + plain));
            at += plain;
            continue;
        }
        let found = match rest[0] {
            b'\\' => backslash(rest),
            b'%' => hex(rest.get(1..3)).map(|byte| (Meaning::Byte(byte as u8), 3)),
            b'&' => entity(rest),
            b'\r' | 0 => Some((Meaning::Nothing, 1)),
            b'\n' => {
                let blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
                Some((
                    Meaning::Nothing,
                    1 + rest[1..].iter().take_while(blank).count(),
                ))
            }
            _ => None,
        };
        let Some((meaning, length)) = found else {
            emit(Piece::Same(at..at + 1));
            at += 1;
            continue;
        };
        changed = true;
        match meaning {
            Meaning::Nothing => {}
            Meaning::Byte(byte) => emit(Piece::Meaning(&[byte], at..at + length)),
            Meaning::Character(character) => {
                let mut buffer = Zeroizing::new([0; 4]);
                let size = character.encode_utf8(&mut *buffer).len();
                emit(Piece::Meaning(&buffer[..size], at..at + length));
            }
        }
        at += length;
    }
    changed
}

enum Meaning {
    Nothing,
    Byte(u8),
    Character(char),
}

/// An escape of JSON, or of the languages that look like it.
fn backslash(rest: &[u8]) -> Option<(Meaning, usize)> {
    let byte = |byte| Some((Meaning::Byte(byte), 2));
    match rest.get(1)? {
        plain @ (b'"' | b'\\' | b'/' | b'\'') => byte(*plain),
        b'n' => byte(b'\n'),
        b'r' => byte(b'\r'),
        b't' => byte(b'\t'),
        b'b' => byte(8),
        b'f' => byte(12),
        b'x' => hex(rest.get(2..4))
            .and_then(|code| Some((Meaning::Character(char::from_u32(code)?), 4))),
        b'u' => {
            let first = hex(rest.get(2..6))?;
            if let Some(character) = char::from_u32(first) {
                return Some((Meaning::Character(character), 6));
            }
            let second = rest.get(6..8).filter(|mark| mark == b"\\u");
            let second = second.and_then(|_| hex(rest.get(8..12)))?;
            let pair = [first, second].map(|unit| unit as u16);
            let character = char::decode_utf16(pair).next()?.ok()?;
            Some((Meaning::Character(character), 12))
        }
        _ => None,
    }
}

/// A character reference of XML or HTML.
fn entity(rest: &[u8]) -> Option<(Meaning, usize)> {
    let end = rest.iter().take(12).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&rest[1..end]).ok()?;
    let code = match name {
        "amp" => u32::from('&'),
        "lt" => u32::from('<'),
        "gt" => u32::from('>'),
        "quot" => u32::from('"'),
        "apos" => u32::from('\''),
        _ => match name.strip_prefix('#')? {
            decimal if decimal.bytes().all(|b| b.is_ascii_digit()) => decimal.parse().ok()?,
            number => hex(Some(number.strip_prefix(['x', 'X'])?.as_bytes()))?,
        },
    };
    Some((Meaning::Character(char::from_u32(code)?), end + 1))
}

fn hex(digits: Option<&[u8]>) -> Option<u32> {
    let digits = digits.filter(|digits| !digits.is_empty() && digits.len() <= 8)?;
    digits.iter().try_fold(0u32, |number, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        number.checked_mul(16)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests;
