//! Asking: a question, what Enter takes, and the same again until the answer is one that the
//! config can hold.

use std::io::BufRead;

use crate::cli::exit::{CliError, Exit, fail};

/// Where answers come from, a line each.
pub struct Questions<'a> {
    input: &'a mut dyn BufRead,
}

/// What an answer stands for, or why it is none.
pub type Answer<T = String> = Result<T, String>;

impl<'a> Questions<'a> {
    pub fn new(input: &'a mut dyn BufRead) -> Self {
        Self { input }
    }

    /// Asks until `check` takes the answer.
    pub fn ask<T>(
        &mut self,
        question: &str,
        default: &str,
        check: impl Fn(&str) -> Answer<T>,
    ) -> Result<T, CliError> {
        loop {
            match default {
                "" => eprint!("{question}: "),
                _ => eprint!("{question} [{default}]: "),
            }
            let mut line = String::new();
            let read = self.input.read_line(&mut line);
            if !matches!(read, Ok(length) if length > 0) {
                return Err(fail(
                    Exit::Usage,
                    "the questions were not answered to the end; nothing was written",
                ));
            }
            let answer = match line.trim() {
                "" => default,
                answer => answer,
            };
            match check(answer) {
                Ok(taken) => return Ok(taken),
                Err(problem) => again(&problem),
            }
        }
    }

    /// Asks for one of a few words; Enter takes the first.
    pub fn choose(&mut self, question: &str, words: &[&str]) -> Result<String, CliError> {
        let question = format!("{question} ({})", words.join(", "));
        let first = words.first().copied().unwrap_or_default();
        self.ask(&question, first, |answer| match words.contains(&answer) {
            true => Ok(answer.to_owned()),
            false => Err(NONE_OF_THEM.to_owned()),
        })
    }
}

/// What is said of a word that was not offered.
pub const NONE_OF_THEM: &str = "that is none of them";

/// Says why a question comes again.
pub fn again(problem: &str) {
    eprintln!("  {}", problem.replace('\n', "\n  "));
}

/// Anything but nothing.
pub fn word(answer: &str) -> Answer {
    taken(
        !answer.is_empty() && !answer.chars().any(char::is_control),
        answer,
        "this is needed",
    )
}

/// A name of the operator's own in the config.
pub fn plain(answer: &str) -> Answer {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    taken(
        (1..=64).contains(&answer.len()) && answer.bytes().all(plain),
        answer,
        "letters, digits, `-` and `_` only, and at most 64 of them",
    )
}

/// Capital letters only, so that a secret in the wrong place is not taken for a name.
pub fn variable(answer: &str) -> Answer {
    let shape = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    let begins = answer.starts_with(|c: char| !c.is_ascii_digit());
    taken(
        begins && answer.bytes().all(shape),
        answer,
        "a variable's name, in capital letters; not the secret itself",
    )
}

/// An id of the issuer's.
pub fn uuid(answer: &str) -> Answer {
    taken(
        answer.len() == 36 && uuid::Uuid::try_parse(answer).is_ok(),
        answer,
        "that is no UUID; it looks like 3fa85f64-5717-4562-b3fc-2c963f66afa6",
    )
}

fn taken(fits: bool, answer: &str, problem: &str) -> Answer {
    match fits {
        true => Ok(answer.to_owned()),
        false => Err(problem.to_owned()),
    }
}
