//! The commands gate: programs of the operator's by the names of approved needs, without a shell,
//! with arguments from the settings alone and an environment that the operator listed. What they
//! print is sealed; what they leave running is ended.

mod error;
mod program;
mod run;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub use error::CommandError;

use super::{Allowance, files};
use crate::policy::{CommandGrant, Grant};
use crate::seal::Seal;

/// What the program had to say, as a sink may see it.
pub struct Output {
    /// The exit status; 128 and the signal's number if a signal ended it.
    pub status: i32,
    /// Sealed.
    pub stdout: String,
    /// Sealed.
    pub stderr: String,
}

/// A program that can be started, and the folder it starts in, which stays open until it has.
struct Ready {
    command: Command,
    directory: Option<OwnedFd>,
}

/// What a program gets where the operator lists nothing.
const USUAL: [&str; 2] = ["PATH", "HOME"];
/// Of the time that is left, this much is kept to end the program and tell the sink.
const TO_END_IT: Duration = Duration::from_secs(6);

/// Runs the program of a need to its end.
///
/// # Errors
/// If no need names it, it can't be run, or it had to be ended.
pub async fn run(
    name: &str,
    grant: &Grant,
    allowance: &Allowance,
    seal: &mut Seal,
    deadline: Instant,
) -> Result<Output, CommandError> {
    let found = grant
        .commands
        .iter()
        .find(|command| command.need.name == name);
    let granted = found.ok_or_else(|| CommandError::NotApproved {
        name: name.escape_debug().to_string(),
    })?;
    let variables = variables(allowance, |name| std::env::var_os(name));
    let ready = prepare(granted, allowance, seal, variables)?;
    let left = deadline.saturating_duration_since(Instant::now());
    let spare = TO_END_IT.min(left / 4);
    let bounds = run::Bounds {
        time: left - spare,
        grace: spare / 2,
        bytes: allowance.limits.body_bytes,
    };
    let started = Instant::now();
    let program = &granted.need.argv[0];
    let printed = run::to_the_end(ready, program, &bounds).await?;
    let stdout = seal.seal_output(&printed.stdout, &granted.seals);
    let stderr = seal.seal(&printed.stderr, &[]);
    let (status, elapsed_ms) = (printed.status, started.elapsed().as_millis());
    tracing::info!(name, program, status, elapsed_ms, "sink ran a program");
    Ok(Output {
        status,
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    })
}

fn prepare(
    granted: &CommandGrant,
    allowance: &Allowance,
    seal: &Seal,
    variables: Vec<(String, OsString)>,
) -> Result<Ready, CommandError> {
    let (asked, arguments) = granted.need.argv.split_first().ok_or(CommandError::Empty)?;
    // Arguments can be read by every process of the machine. They come from the settings, where a
    // token can't stand; this holds even if that changes.
    if granted
        .need
        .argv
        .iter()
        .any(|argument| seal.has_token(argument.as_bytes()))
    {
        return Err(CommandError::SecretArgument {
            program: asked.clone(),
        });
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let program = program::find(asked, &path)?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let directory = match &granted.need.directory {
        None => {
            command.current_dir("/");
            None
        }
        Some(directory) => {
            let (folder, path) = files::folder(directory, allowance)?;
            command.current_dir(opened(&folder, path));
            Some(folder)
        }
    };
    Ok(Ready { command, directory })
}

/// The folder that was looked at, even if another has taken its name since.
#[cfg(target_os = "linux")]
fn opened(folder: &OwnedFd, _path: PathBuf) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()))
}

#[cfg(not(target_os = "linux"))]
fn opened(_folder: &OwnedFd, path: PathBuf) -> PathBuf {
    path
}

fn variables(
    allowance: &Allowance,
    value: impl Fn(&str) -> Option<OsString>,
) -> Vec<(String, OsString)> {
    let listed: Vec<&str> = match allowance.environment.as_slice() {
        [] => USUAL.to_vec(),
        listed => listed.iter().map(String::as_str).collect(),
    };
    let set = |name: &str| Some((name.to_owned(), value(name)?));
    listed.into_iter().filter_map(set).collect()
}
