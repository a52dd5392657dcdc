//! Snowflake's tokens: identifiers plain and quoted, and string literals with both ways to write a
//! quote and all escapes that a backslash begins.

use std::iter::Peekable;
use std::str::Chars;

#[cfg(test)]
mod tests;

/// A token of a statement. It has no `Debug`, since a literal may be a secret.
#[derive(PartialEq, Eq)]
pub(super) enum Token {
    /// In upper case, as Snowflake takes it.
    Plain(String),
    /// What stood between double quotes.
    Quoted(String),
    /// What a literal stands for.
    Literal(String),
    /// Any other character.
    Mark(char),
}

/// The tokens, or nothing where a quote is not closed or an escape is none.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let mut all = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(first) = rest.next() {
        all.push(match first {
            blank if blank.is_whitespace() => continue,
            '\'' => Token::Literal(literal(&mut rest)?),
            '"' => Token::Quoted(quoted(&mut rest)?),
            first if word(first) => {
                let mut plain = String::from(first.to_ascii_uppercase());
                while let Some(next) = rest.next_if(|c| word(*c)) {
                    plain.push(next.to_ascii_uppercase());
                }
                Token::Plain(plain)
            }
            mark => Token::Mark(mark),
        });
    }
    Some(all)
}

fn quoted(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut inside = String::new();
    loop {
        match rest.next()? {
            '"' if rest.next_if_eq(&'"').is_none() => return Some(inside),
            other => inside.push(other),
        }
    }
}

fn literal(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut inside = String::new();
    loop {
        match rest.next()? {
            '\'' if rest.next_if_eq(&'\'').is_none() => return Some(inside),
            '\\' => inside.push(escaped(rest)?),
            other => inside.push(other),
        }
    }
}

/// The character that a backslash and what follows it stand for.
fn escaped(rest: &mut Peekable<Chars<'_>>) -> Option<char> {
    Some(match rest.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'x' => coded(rest, 16, 2)?,
        'u' => coded(rest, 16, 4)?,
        first @ '0'..='7' => {
            let mut code = first.to_digit(8)?;
            for _ in 0..2 {
                let Some(digit) = rest.next_if(|c| c.is_digit(8)) else {
                    break;
                };
                code = code * 8 + digit.to_digit(8)?;
            }
            char::from_u32(code)?
        }
        // A backslash before anything else is left out.
        other => other,
    })
}

fn coded(rest: &mut Peekable<Chars<'_>>, radix: u32, digits: usize) -> Option<char> {
    let code: Option<u32> = rest
        .take(digits)
        .try_fold(0, |code, c| Some(code * radix + c.to_digit(radix)?));
    char::from_u32(code?)
}
