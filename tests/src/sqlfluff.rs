//! sqlfluff, whose grammar of Snowflake's SQL nobody here wrote: it judges whether a text is the
//! one statement that it should be, whatever stands in its literal.

use anyhow::Context;
use serde_json::Value;

use crate::moto::venv::Venv;
use crate::peer::peer_unavailable;
use crate::process::Run;

/// Pinned, so that a test that passed passes again.
const PACKAGES: [&str; 1] = ["sqlfluff==4.5.0"];

/// What sqlfluff makes of one text. It has no `Debug`, since a literal may be a secret.
pub struct Verdict {
    /// The types of the statements in it, by sqlfluff's names.
    pub statements: Vec<String>,
    /// The string literals in it, as written.
    pub literals: Vec<String>,
    /// How many parts of it could not be read.
    pub unread: usize,
}

/// The verdict on each of `texts`; or says that sqlfluff can't be had here.
///
/// # Panics
/// If it can be had and fails, or can't be had where `CI` is `true`.
pub fn judge_or_skip(texts: &[String]) -> Option<Vec<Verdict>> {
    match Venv::with("sqlfluff-venv", &PACKAGES) {
        Ok(venv) => Some(judge(&venv, texts).expect("an installed sqlfluff answers")),
        Err(why) => {
            peer_unavailable("sqlfluff", format!("{why:#}"));
            None
        }
    }
}

fn judge(venv: &Venv, texts: &[String]) -> anyhow::Result<Vec<Verdict>> {
    let outcome = Run::new(venv.program("python"))
        .args(["-c", include_str!("sqlfluff/judge.py")])
        .stdin(serde_json::to_vec(texts)?)
        .finish()?;
    let last = outcome.stderr.lines().last().unwrap_or_default();
    anyhow::ensure!(outcome.code == Some(0), "sqlfluff failed: {last}");
    let answers: Vec<Value> = serde_json::from_str(&outcome.stdout)?;
    anyhow::ensure!(answers.len() == texts.len(), "not one answer for each text");
    answers.iter().map(verdict).collect()
}

fn verdict(answer: &Value) -> anyhow::Result<Verdict> {
    let list = |name: &str| -> anyhow::Result<Vec<String>> {
        serde_json::from_value(answer[name].clone()).with_context(|| format!("no {name}"))
    };
    Ok(Verdict {
        statements: list("statements")?,
        literals: list("literals")?,
        unread: list("unread")?.len(),
    })
}
