//! Runs a program for a bounded time and keeps what it said, so that a way that hangs can't hold
//! up the next one.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Runs it to its end; an error holds the last lines that it said. `log` is where they are kept.
pub(super) fn run(command: &mut Command, limit: Duration, log: &Path) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = File::create(log).and_then(|file| Ok((file.try_clone()?, file)));
    let (stdout, stderr) =
        output.map_err(|error| format!("can't write {}: {error}", log.display()))?;
    command.stdin(Stdio::null()).stdout(stdout).stderr(stderr);
    let mut child = command
        .spawn()
        .map_err(|error| format!("can't run {name}: {error}"))?;
    let deadline = Instant::now() + limit;
    loop {
        match child
            .try_wait()
            .map_err(|error| format!("can't wait for {name}: {error}"))?
        {
            Some(status) if status.success() => return Ok(()),
            Some(_) => return Err(last_words(log, &name)),
            None if Instant::now() >= deadline => break,
            None => thread::sleep(Duration::from_millis(50)),
        }
    }
    // It may have ended since; then there is nothing to kill, and the wait says so.
    let killed = child.kill().and_then(|()| child.wait());
    let ended = if killed.is_ok() {
        "ended"
    } else {
        "left alone"
    };
    Err(format!(
        "{name} took longer than {} s and was {ended}",
        limit.as_secs()
    ))
}

/// What a failed program said: its first error, or else its last line.
fn last_words(log: &Path, name: &str) -> String {
    let said = fs::read(log).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let starts = ["error", "E:", "sudo:"];
    let error = lines().find(|line| starts.iter().any(|start| line.starts_with(start)));
    error
        .or_else(|| lines().next_back())
        .map_or_else(|| format!("{name} failed and said nothing"), str::to_owned)
}
