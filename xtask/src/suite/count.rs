//! Reads the words of the test harness: how many passed, and which lines a reader needs.

use std::fmt;

/// Tests, by how they ended.
#[derive(Default, Debug, PartialEq, Eq)]
pub struct Count {
    /// As they should.
    pub passed: u64,
    /// Not so.
    pub failed: u64,
    /// Not run at all.
    pub ignored: u64,
}

impl Count {
    /// Adds what a line says, if it is the closing line of a harness.
    pub fn line(&mut self, line: &str) {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in counts.split(';') {
            let mut words = part.split_whitespace();
            let number = words.next().and_then(|number| number.parse::<u64>().ok());
            match (number, words.next()) {
                (Some(number), Some("passed")) => self.passed += number,
                (Some(number), Some("failed")) => self.failed += number,
                (Some(number), Some("ignored")) => self.ignored += number,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        match self.ignored {
            0 => Ok(()),
            ignored => write!(f, ", {ignored} ignored"),
        }
    }
}

/// Whether a line says more than that a test ran and passed.
pub fn matters(line: &str) -> bool {
    let passed = line.starts_with("test ") && line.ends_with(" ... ok");
    let opening = line.starts_with("running ") && line.ends_with([' ', 's', 't']);
    let empty = line
        == "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
    !(passed || opening || empty || line.is_empty())
}

#[cfg(test)]
mod tests;
