//! Runs everything that can be run: what the tests need is built first, what passes is counted and
//! what fails is shown, and the last line says how many of each there were.

mod count;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use crate::build;
use crate::guests;
use count::Count;

/// Lines of failures on the terminal; the log has them all.
const MOST_LINES: usize = 2000;
const LONGEST_LINE: usize = 400;

/// Builds and tests the whole workspace.
pub fn run(root: &Path) -> Result<()> {
    println!("building the sinks");
    guests::build_sinks(root)?;
    for (name, folder) in test_guests(root)? {
        println!("building the test guest {name}");
        let out = root.join(format!("target/test-guests/{name}.wasm"));
        guests::build_guest(root, &folder, &out)?;
    }
    println!("building keyferry and every test (debug; some minutes the first time)");
    // The same targets and features that `cargo test` wants, so that nothing is built twice.
    let mut all = build::cargo(root, "build");
    build::run(all.args(["--workspace", "--all-targets"]), "the build")?;
    println!("running every test");
    test(root)
}

/// The folders of `tests/guests/` that hold a package, by name.
fn test_guests(root: &Path) -> Result<Vec<(String, std::path::PathBuf)>> {
    let folder = root.join("tests/guests");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in
        fs::read_dir(&folder).with_context(|| format!("can't list {}", folder.display()))?
    {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

fn test(root: &Path) -> Result<()> {
    let path = root.join("target/test.log");
    let mut log = File::create(&path).with_context(|| format!("can't write {}", path.display()))?;
    let mut cargo = build::cargo(root, "test");
    cargo
        .args(["--workspace", "--no-fail-fast"])
        .stdout(Stdio::piped());
    let mut running = cargo.spawn().context("can't run cargo test")?;
    let output = running.stdout.take().context("cargo test has no output")?;
    let (mut count, mut shown) = (Count::default(), 0);
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        writeln!(log, "{line}")?;
        count.line(&line);
        if !count::matters(&line) {
            continue;
        }
        shown += 1;
        match shown.cmp(&MOST_LINES) {
            std::cmp::Ordering::Less => {
                println!("{}", line.chars().take(LONGEST_LINE).collect::<String>());
            }
            std::cmp::Ordering::Equal => println!("(the rest is in {})", path.display()),
            std::cmp::Ordering::Greater => {}
        }
    }
    let status = running.wait()?;
    println!("\n{count}");
    ensure!(
        status.success() && count.passed > 0,
        "cargo test ended with {status}; everything it said is in {}",
        path.display()
    );
    Ok(())
}
