//! Builds the host's own packages with the cargo that runs this, and says where they come to lie.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Which profile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build.
    Debug,
    /// What is shipped.
    Release,
}

impl Profile {
    fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }

    /// What cargo has to be told.
    pub fn flag(self) -> Option<&'static str> {
        (self == Self::Release).then_some("--release")
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.folder())
    }
}

/// Cargo, in the workspace, with its lock file as it is.
pub fn cargo(root: &Path, subcommand: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What the cargo that runs us says of this package makes ring's build script believe that it
    // has changed, and with it everything above would be built again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo.current_dir(root).args([subcommand, "--locked"]);
    cargo
}

/// Builds the `keyferry` binary.
pub fn keyferry(root: &Path, profile: Profile) -> Result<PathBuf> {
    let mut cargo = cargo(root, "build");
    cargo.args(["--package", "keyferry", "--bin", "keyferry"]);
    run(cargo.args(profile.flag()), "building keyferry")?;
    built(profile, "keyferry")
}

/// Runs it to its end, with its words on the terminal.
pub fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("can't run {:?}", command.get_program()))?;
    ensure!(
        status.success(),
        "{what} failed ({status}); the words above say why"
    );
    Ok(())
}

/// A program that was built into the target folder that this one lies in.
pub fn built(profile: Profile, name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("can't tell where this program lies")?;
    let target = own
        .ancestors()
        .nth(2)
        .context("this program lies in no target folder")?;
    let path = target.join(profile.folder()).join(name);
    ensure!(
        path.is_file(),
        "cargo succeeded, and there is no {}",
        path.display()
    );
    Ok(path)
}
