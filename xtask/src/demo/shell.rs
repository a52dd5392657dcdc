//! Runs keyferry as its user would, shows the command as they would type it and what comes back,
//! and keeps every word, to be searched for the secret at the end.

use anyhow::{Context, Result, ensure};
use keyferry_tests::process::{Config, Outcome, Running, Workspace};

/// A folder with a config, and what was said there so far.
pub struct Shell {
    workspace: Workspace,
    said: Vec<u8>,
}

impl Shell {
    /// In a new temporary folder with this config.
    pub fn new(config: &Config) -> Result<Self> {
        Ok(Self {
            workspace: Workspace::new(config)?,
            said: Vec::new(),
        })
    }

    /// The folder.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// All that was printed so far.
    pub fn said(&self) -> &[u8] {
        &self.said
    }

    /// Runs `keyferry LINE`, which must succeed.
    pub fn keyferry(&mut self, line: &str) -> Result<()> {
        let running = self.start(line)?;
        let outcome = self.follow(running)?;
        ensure!(
            outcome.code == Some(0),
            "`keyferry {line}` ended with {}, not with 0",
            ending(&outcome)
        );
        Ok(())
    }

    /// Runs `keyferry LINE` and ends it with SIGKILL as soon as `moment` holds.
    pub fn killed(&mut self, line: &str, moment: impl Fn() -> bool) -> Result<()> {
        let mut running = self.start(line)?;
        let mut shown = Shown::default();
        running.wait_until(|running| {
            shown.more(&running.stderr_so_far());
            moment()
        })?;
        let outcome = running.kill()?;
        shown.all(&outcome.stderr);
        self.keep(&outcome);
        ensure!(
            outcome.signal == Some(9),
            "it ended with {} before it could be killed",
            ending(&outcome)
        );
        println!("  Killed");
        Ok(())
    }

    fn start(&self, line: &str) -> Result<Running> {
        println!("$ keyferry {line}");
        let words: Vec<&str> = line.split_whitespace().collect();
        self.workspace
            .keyferry(&words)?
            .start()
            .with_context(|| format!("can't start `keyferry {line}`"))
    }

    fn follow(&mut self, mut running: Running) -> Result<Outcome> {
        let (mut people, mut results) = (Shown::default(), Shown::default());
        // Never true, so it ends with the process, and says so as an error.
        let ended = running.wait_until(|running| {
            people.more(&running.stderr_so_far());
            results.more(&running.stdout_so_far());
            false
        });
        drop(ended);
        // It has ended or run out of time; either way this gathers how.
        let outcome = running.kill()?;
        people.all(&outcome.stderr);
        results.all(&outcome.stdout);
        println!();
        self.keep(&outcome);
        Ok(outcome)
    }

    fn keep(&mut self, outcome: &Outcome) {
        self.said.extend(outcome.stdout.as_bytes());
        self.said.extend(outcome.stderr.as_bytes());
    }
}

fn ending(outcome: &Outcome) -> String {
    match (outcome.code, outcome.signal) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no status".to_owned(),
    }
}

/// How much of one stream has been printed.
#[derive(Default)]
struct Shown(usize);

impl Shown {
    /// Prints whole lines that are new.
    fn more(&mut self, text: &str) {
        if let Some(end) = text.rfind('\n').filter(|end| *end >= self.0) {
            self.print(text, end + 1);
        }
    }

    /// Prints all that is new.
    fn all(&mut self, text: &str) {
        self.print(text, text.len());
    }

    fn print(&mut self, text: &str, end: usize) {
        // Bytes that are no UTF-8 yet may have been counted as others.
        for line in text.get(self.0..end).unwrap_or_default().lines() {
            println!("{}", format!("  {line}").trim_end());
        }
        self.0 = end;
    }
}
