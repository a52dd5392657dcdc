//! The end of the story: what was promised, looked at from outside, each in a line.

use anyhow::{Result, ensure};
use keyferry_tests::canary;

/// Promises, and whether each was kept.
#[derive(Default)]
pub struct Checks(Vec<(String, Result<(), String>)>);

impl Checks {
    /// Something that must hold; `found` says what was found instead.
    pub fn that(&mut self, promise: &str, holds: bool, found: impl FnOnce() -> String) {
        let outcome = match holds {
            true => Ok(()),
            false => Err(found()),
        };
        self.0.push((promise.to_owned(), outcome));
    }

    /// That of all that is kept this one changed, and nothing else.
    pub fn only(&mut self, promise: &str, one: &str, changed: &[String]) {
        self.that(promise, changed == [one], || {
            format!("these changed: {}", changed.join(", "))
        });
    }

    /// That none of `places`, each with its name, holds any of `secrets` in any encoding.
    pub fn no_secret(&mut self, promise: &str, places: &[(String, Vec<u8>)], secrets: &[&str]) {
        let found = places.iter().find_map(|(name, bytes)| {
            let form = secrets
                .iter()
                .find_map(|secret| canary::find(bytes, secret));
            form.map(|form| format!("{name} holds one, in the form {form}"))
        });
        self.that(promise, found.is_none(), || found.unwrap_or_default());
    }

    /// Prints them; an error if one was not kept.
    pub fn report(self) -> Result<()> {
        for (promise, outcome) in &self.0 {
            match outcome {
                Ok(()) => println!("  ok  {promise}"),
                Err(found) => println!("  NO  {promise}: {found}"),
            }
        }
        let broken = self
            .0
            .iter()
            .filter(|(_, outcome)| outcome.is_err())
            .count();
        ensure!(
            broken == 0,
            "{broken} of {} promises were not kept",
            self.0.len()
        );
        Ok(())
    }
}
