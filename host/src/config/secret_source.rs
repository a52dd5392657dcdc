//! Where a secret comes from. The file only ever says where; the value is fetched when it is needed
//! and goes straight into wiped memory.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use toml::de::DeValue;
use zeroize::Zeroizing;

use super::document::Field;
use super::error::ConfigError;
use crate::secret::SecretString;

const LARGEST: u64 = 64 << 10;
/// Time enough for a person to unlock a vault.
const COMMAND_WITHIN: Duration = Duration::from_secs(120);

/// Where to get a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file.
    File(PathBuf),
    /// What a program prints. It is run without a shell, with this process's environment.
    Command(Vec<String>),
}

impl SecretSource {
    /// Fetches the secret. One line break at its end is cut off.
    pub fn read(&self) -> Result<SecretString, ConfigError> {
        self.read_with(|name| std::env::var_os(name), COMMAND_WITHIN)
    }

    pub(super) fn read_with(
        &self,
        variable: impl Fn(&str) -> Option<OsString>,
        within: Duration,
    ) -> Result<SecretString, ConfigError> {
        let bytes = match self {
            SecretSource::Env(name) => {
                let value = variable(name).filter(|value| !value.is_empty());
                let value = value.ok_or_else(|| ConfigError::Unset { name: name.clone() })?;
                Zeroizing::new(value.into_encoded_bytes())
            }
            SecretSource::File(path) => {
                File::open(path)
                    .and_then(bounded)
                    .map_err(|source| ConfigError::SecretFile {
                        path: path.clone(),
                        source,
                    })?
            }
            SecretSource::Command(argv) => run(argv, within)?,
        };
        let unusable = |why| ConfigError::SecretValue {
            source_name: self.name(),
            why,
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| unusable("it is not UTF-8 text"))?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        match text {
            "" => Err(unusable("it is empty")),
            text if text.contains('\0') => Err(unusable("it holds a NUL character")),
            text => Ok(SecretString::new(text.to_owned())),
        }
    }

    fn name(&self) -> String {
        match self {
            SecretSource::Env(name) => format!("the environment variable {name}"),
            SecretSource::File(path) => format!("the file {}", path.display()),
            SecretSource::Command(argv) => format!("the command `{}`", program(argv)),
        }
    }
}

/// Reads a source, and refuses a secret that stands in the file itself.
pub(super) fn parse(field: &Field<'_>) -> Result<SecretSource, ConfigError> {
    let forms = format!(
        "write {key} = {{ env = \"NAME\" }}, {{ file = \"path\" }} or {{ command = [\"program\", \"argument\"] }}",
        key = field.key()
    );
    if !matches!(field.value(), DeValue::Table(_)) {
        return Err(field.wrong_secret("may not stand in this file", forms));
    }
    let section = field.section()?;
    section.accept(&["env", "file", "command"])?;
    match (
        section.get("env"),
        section.get("file"),
        section.get("command"),
    ) {
        (Some(env), None, None) => variable(&env).map(SecretSource::Env),
        (None, Some(file), None) => file.path().map(SecretSource::File),
        (None, None, Some(command)) => match command.texts()? {
            argv if argv.is_empty() => Err(command.wrong("names no program", forms)),
            argv => Ok(SecretSource::Command(argv)),
        },
        _ => Err(field.wrong("must name exactly one source", forms)),
    }
}

/// The name of an environment variable. Anything else may be a secret in the wrong place.
pub(super) fn variable(field: &Field<'_>) -> Result<String, ConfigError> {
    let name = field.text()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(plain) {
        let remedy = "write the variable's name, as in { env = \"MATILLION_CLIENT_SECRET\" }";
        return Err(field.wrong_secret("is no name of an environment variable", remedy));
    }
    Ok(name.to_owned())
}

fn run(argv: &[String], within: Duration) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
    let failed = |why: String| ConfigError::SecretCommand {
        program: program(argv).to_owned(),
        why,
    };
    let mut command = Command::new(program(argv));
    // What it has to say to the person stays on the terminal and out of our errors.
    command
        .args(argv.iter().skip(1))
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|error| failed(format!("can't be run: {error}")))?;
    let output = read_output(&mut child, within);
    if !matches!(output, Ok(Ok(_))) {
        // It may have ended by itself already.
        child.kill().ok();
    }
    let status = child
        .wait()
        .map_err(|error| failed(format!("can't be waited for: {error}")))?;
    match output {
        Ok(Ok(bytes)) if status.success() => Ok(bytes),
        Ok(Ok(_)) => Err(failed(format!("failed ({status})"))),
        Ok(Err(error)) => Err(failed(format!("can't be read: {error}"))),
        Err(_) => Err(failed(format!(
            "was not done within {} s",
            within.as_secs()
        ))),
    }
}

type Output = io::Result<Zeroizing<Vec<u8>>>;

fn read_output(child: &mut Child, within: Duration) -> Result<Output, mpsc::RecvTimeoutError> {
    let (sender, receiver) = mpsc::channel();
    let stdout = child.stdout.take();
    thread::spawn(move || {
        let output = stdout.map_or_else(|| Ok(Zeroizing::default()), bounded);
        // Nobody listens once the time is over.
        sender.send(output).ok();
    });
    receiver.recv_timeout(within)
}

fn bounded(source: impl Read) -> Output {
    // Room for all of it, so that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST as usize + 1));
    source.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other("more than 64 KiB, which is no secret"));
    }
    Ok(bytes)
}

fn program(argv: &[String]) -> &str {
    argv.first().map_or("", String::as_str)
}
