//! The figures that are too small for a process: the host's own benchmarks, run and read.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::build;

/// After the name with the fastest, and the slowest.
const COLUMN_OF_MEDIAN: usize = 2;

/// What the host's benchmarks said.
pub struct Micro {
    /// As they printed it.
    pub shown: String,
}

/// Runs them; none where there are none.
pub fn run(root: &Path) -> Result<Option<Micro>> {
    if !root.join("host/benches").is_dir() {
        println!("the host has no benchmarks of its own; their figures are left out");
        return Ok(None);
    }
    println!("running the host's own benchmarks");
    let mut cargo = build::cargo(root, "bench");
    cargo.args(["--package", "keyferry", "--bench", "*"]);
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .context("can't run cargo bench")?;
    ensure!(
        output.status.success(),
        "cargo bench failed ({})",
        output.status
    );
    let said = String::from_utf8_lossy(&output.stdout);
    Ok(Some(Micro {
        shown: figures(&said),
    }))
}

/// Without what the test harness says of targets that hold no benchmark.
fn figures(said: &str) -> String {
    let kept = said
        .lines()
        .filter(|line| line.contains('│') || line.contains("fastest"));
    kept.map(|line| format!("{}\n", line.trim_end())).collect()
}

impl Micro {
    /// The median of a benchmark.
    pub fn median(&self, name: &str) -> Option<Duration> {
        let line = self.shown.lines().find(|line| {
            let cell = line.split('│').next().unwrap_or_default();
            cell.split_whitespace().any(|word| word == name)
        })?;
        let median = line.split('│').nth(COLUMN_OF_MEDIAN)?;
        let mut words = median.split_whitespace();
        let number: f64 = words.next()?.parse().ok()?;
        let unit = match words.next()? {
            "ns" => 1e-9,
            "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            _ => return None,
        };
        Duration::try_from_secs_f64(number * unit).ok()
    }
}

#[cfg(test)]
mod tests;
