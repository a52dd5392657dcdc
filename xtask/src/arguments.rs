//! The command line of the chores. Small enough to be read by hand, so that nothing big has to be
//! compiled before the first chore runs.

use std::ffi::OsString;

use crate::bench;
use crate::build::Profile;
use crate::demo;

/// What `--help` says.
pub const HELP: &str = "\
Usage: cargo xtask CHORE

Chores:
  demo      Builds everything and plays one refresh on this machine, as a story
              --sink NAME       where the secret lives: aws, azure, helm or snowflake (aws)
              --kill-in-write   kills keyferry while it stores the secret, then resumes
  test      Builds everything and runs every test; ends with a count
  bench     Measures keyferry against others on one moto, and prints one table
              --rounds N        of each row, interleaved (15)
              --debug           with debug builds: shows only that it works
  plugins   Builds every sink to target/plugins/NAME.wasm

Options:
  -h, --help   This";

/// What to do.
pub enum Chore {
    /// Say what there is.
    Help,
    /// Build the sinks.
    Plugins,
    /// Play a refresh.
    Demo(demo::Options),
    /// Run every test.
    Test,
    /// Measure.
    Bench(bench::Options),
    /// Run one program and report what it used: how `bench` calls itself.
    Measure(Vec<OsString>),
}

/// Why a command line is not understood.
pub struct Wrong(pub String);

/// Reads the arguments after the program's name.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Chore, Wrong> {
    let mut rest: Vec<OsString> = arguments.into_iter().collect();
    if rest.first().is_some_and(|first| first == "measure") {
        return Ok(Chore::Measure(rest.split_off(1)));
    }
    let words: Vec<String> = rest
        .into_iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        return Ok(Chore::Help);
    }
    let (chore, options) = words
        .split_first()
        .ok_or_else(|| Wrong("say which chore to do".to_owned()))?;
    let mut options = Options(options.iter());
    let chore = match chore.as_str() {
        "help" => Chore::Help,
        "plugins" => Chore::Plugins,
        "test" => Chore::Test,
        "demo" => Chore::Demo(options.demo()?),
        "bench" => Chore::Bench(options.bench()?),
        other => return Err(Wrong(format!("there is no chore `{other}`"))),
    };
    match options.0.next() {
        None => Ok(chore),
        Some(more) => Err(Wrong(format!("`{more}` means nothing here"))),
    }
}

struct Options<'a>(std::slice::Iter<'a, String>);

impl Options<'_> {
    fn demo(&mut self) -> Result<demo::Options, Wrong> {
        let mut options = demo::Options::default();
        while let Some((name, value)) = self.next() {
            match name.as_str() {
                "--kill-in-write" => options.kill_in_write = true,
                "--sink" => options.sink = self.value(&name, value)?.parse().map_err(Wrong)?,
                other => return Err(Wrong(format!("demo has no option `{other}`"))),
            }
        }
        Ok(options)
    }

    fn bench(&mut self) -> Result<bench::Options, Wrong> {
        let mut options = bench::Options::default();
        while let Some((name, value)) = self.next() {
            match name.as_str() {
                "--debug" => options.profile = Profile::Debug,
                "--rounds" => {
                    let value = self.value(&name, value)?;
                    let rounds = value.parse().ok().filter(|rounds| *rounds > 0);
                    options.rounds = rounds
                        .ok_or_else(|| Wrong(format!("--rounds wants a number, not `{value}`")))?;
                }
                other => return Err(Wrong(format!("bench has no option `{other}`"))),
            }
        }
        Ok(options)
    }

    /// The next option, with its value where it was given as `--name=value`.
    fn next(&mut self) -> Option<(String, Option<String>)> {
        let word = self.0.next()?;
        Some(match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (word.clone(), None),
        })
    }

    fn value(&mut self, name: &str, value: Option<String>) -> Result<String, Wrong> {
        value
            .or_else(|| self.0.next().cloned())
            .ok_or_else(|| Wrong(format!("{name} wants a value")))
    }
}

#[cfg(test)]
mod tests;
