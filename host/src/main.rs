//! The `keyferry` command; see the library for what it is made of.

use std::process::ExitCode;

fn main() -> ExitCode {
    keyferry::cli::main()
}
