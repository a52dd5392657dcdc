//! What can be wrong with the configuration, for a person who has the file open.

use std::fmt::{self, Display};
use std::io;
use std::path::PathBuf;

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no file in any of the usual places.
    #[error(
        "there is no keyferry.toml: looked for {}; write one with `keyferry init`, or name it with --config",
        list(looked)
    )]
    NotFound {
        /// Where it was looked for.
        looked: Vec<PathBuf>,
    },
    /// The file can't be read.
    #[error("the config {} can't be read: {source}; check the path and who may read it", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A place in the file is wrong.
    #[error(transparent)]
    Invalid(Box<Mistake>),
    /// No runner of this name is configured.
    #[error("no runner `{wanted}` is configured in {}{}", path.display(), suggest(nearest.as_deref(), known))]
    NoSuchRunner {
        /// The name that was asked for.
        wanted: String,
        /// The configured name that comes closest.
        nearest: Option<String>,
        /// All that are configured.
        known: Vec<String>,
        /// The config file.
        path: PathBuf,
    },
    /// A variable that should hold a value is not set.
    #[error(
        "the environment variable {name} is not set or empty; set it, or name another source in the config"
    )]
    Unset {
        /// Its name.
        name: String,
    },
    /// A file that should hold a secret can't be read.
    #[error("the file {} that should hold a secret can't be read: {source}", path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program that should print a secret did not.
    #[error("the command `{program}` that should print a secret {why}; run it by hand to see more")]
    SecretCommand {
        /// The program, without its arguments.
        program: String,
        /// What happened.
        why: String,
    },
    /// A source gave something that is no secret.
    #[error("{source_name} gave no usable secret: {why}")]
    SecretValue {
        /// Which source.
        source_name: String,
        /// What is wrong with the value, without the value.
        why: &'static str,
    },
    /// There is no place for the state.
    #[error(
        "there is no place for keyferry's state: HOME is not set; use --state-dir or KEYFERRY_STATE_DIR"
    )]
    NoStateDir,
}

/// One wrong place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line with a marker under the place. Values that are not the point are left out: a line
    /// of this file might hold a secret that does not belong there.
    pub excerpt: String,
    /// What is wrong.
    pub problem: String,
    /// The accepted word that comes closest.
    pub nearest: Option<String>,
    /// What would be right.
    pub remedy: String,
}

impl std::error::Error for Mistake {}

impl Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        writeln!(f, "{file}:{}:{}: {}", self.line, self.column, self.problem)?;
        writeln!(f, "{}", self.excerpt)?;
        match &self.nearest {
            Some(nearest) => write!(f, "did you mean `{nearest}`? {}", self.remedy),
            None => f.write_str(&self.remedy),
        }
    }
}

/// The word that comes closest, if any comes close.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase();
    let slips = |known: &&str| strsim::damerau_levenshtein(&word, &known.to_lowercase());
    let forgiven = 1 + word.chars().count() / 4;
    known
        .map(|known| (slips(&known), known))
        .filter(|(slips, _)| *slips <= forgiven)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, known)| known.to_owned())
}

/// Words for a sentence: `a`, `b` and so on.
pub(super) fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

fn list(paths: &[PathBuf]) -> String {
    let shown: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    shown.join(", ")
}

fn suggest(nearest: Option<&str>, known: &[String]) -> String {
    match (nearest, known) {
        (Some(nearest), _) => format!("; did you mean `{nearest}`?"),
        (None, []) => "; add a section [runners.NAME]".to_owned(),
        (None, known) => format!("; there are {}", words(known.iter().map(String::as_str))),
    }
}
