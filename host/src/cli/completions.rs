//! `keyferry completions`: for the shells there are.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::exit::{CliResult, Exit};

/// Arguments of `completions`.
#[derive(Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn run(&self) -> CliResult {
        let mut command = super::Cli::command();
        clap_complete::generate(self.shell, &mut command, "keyferry", &mut std::io::stdout());
        Ok(Exit::Done)
    }
}
