//! Runs one program and reports what it used. A process of its own, because a child's peak memory
//! begins with that of whoever started it: this one is small and does nothing else.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use keyferry_tests::process::Run;
use serde_json::{Value, json};
use wait4::Wait4;

/// What a program used.
#[derive(Clone, Copy)]
pub struct Usage {
    /// From its start to its end.
    pub wall: Duration,
    /// Peak resident memory in bytes, its children's included.
    pub peak: u64,
}

/// In the process of its own: `REPORT PROGRAM ARGUMENT…`.
pub fn report(words: &[OsString]) -> Result<ExitCode> {
    let [report, program, arguments @ ..] = words else {
        anyhow::bail!("measure wants a report's path and a program");
    };
    let mut command = Command::new(program);
    command.args(arguments);
    let began = Instant::now();
    let child = command
        .spawn()
        .with_context(|| format!("can't run {}", Path::new(program).display()))?;
    let ended = child.wait4()?;
    let wall = u64::try_from(began.elapsed().as_micros())?;
    let report_text = json!({ "wall_us": wall, "peak": ended.rusage.maxrss }).to_string();
    std::fs::write(report, report_text)?;
    let code = ended.status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Runs `program` under a `measure` process; an error if it fails.
pub fn measure(
    measure: &Path,
    folder: &Path,
    program: &Path,
    arguments: &[&str],
    environment: &[(String, String)],
) -> Result<(Usage, String)> {
    let report = folder.join("usage.json");
    let mut run = Run::new(measure)
        .args(["measure".as_ref(), report.as_os_str(), program.as_os_str()])
        .args(arguments)
        .directory(folder);
    for (name, value) in environment {
        run = run.env(name, value);
    }
    let outcome = run.finish()?;
    ensure!(
        outcome.code == Some(0),
        "{} failed: {}",
        program.display(),
        outcome.stderr
    );
    let usage: Value = serde_json::from_slice(&std::fs::read(&report)?)?;
    let number = |name: &str| usage[name].as_u64().with_context(|| format!("no {name}"));
    let usage = Usage {
        wall: Duration::from_micros(number("wall_us")?),
        peak: number("peak")?,
    };
    Ok((usage, outcome.stdout))
}
