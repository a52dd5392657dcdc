//! Chores of the workspace: `cargo xtask demo | test | bench | plugins`.

mod arguments;
mod bench;
mod build;
mod demo;
mod guests;
mod suite;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use arguments::{Chore, Wrong};

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace");
    let chore = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(chore) => chore,
        Err(Wrong(what)) => {
            eprintln!("{what}\n\n{}", arguments::HELP);
            return ExitCode::from(2);
        }
    };
    match run(root, chore) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(root: &Path, chore: Chore) -> Result<ExitCode> {
    match chore {
        Chore::Help => println!("{}", arguments::HELP),
        Chore::Plugins => {
            for component in guests::build_sinks(root)? {
                println!("{}", component.display());
            }
        }
        Chore::Demo(options) => demo::run(root, options)?,
        Chore::Test => suite::run(root)?,
        Chore::Bench(options) => bench::run(root, options)?,
        Chore::Measure(measured) => return bench::measure::report(&measured),
    }
    Ok(ExitCode::SUCCESS)
}
