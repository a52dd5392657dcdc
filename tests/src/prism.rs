//! prism, which holds requests and answers against a published API description: a judge that
//! nobody here wrote. It stands between the program and a stand-in, so both are judged.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::peer::peer_unavailable;
use crate::process::{Run, Running, project_root};

/// Pinned, so that a test that passed passes again; the newest one that runs on node 20.
const PACKAGE: &str = "@stoplight/prism-cli@5.14.2";
const MINUTES: Duration = Duration::from_secs(600);

/// A running prism; it ends when this is dropped.
pub struct Prism {
    server: Running,
    origin: String,
}

impl Prism {
    /// Stands before `upstream`, refuses requests and answers that `description` does not allow,
    /// and passes on the others; or says that prism can't be had here.
    ///
    /// # Panics
    /// If it can be had and doesn't start, or can't be had where `CI` is `true`.
    pub fn before_or_skip(description: &Path, upstream: &str) -> Option<Self> {
        Self::start_or_skip("proxy", &[description.as_os_str(), upstream.as_ref()])
    }

    /// Answers by itself, as `description` says; or says that prism can't be had here.
    ///
    /// # Panics
    /// If it can be had and doesn't start, or can't be had where `CI` is `true`.
    pub fn mock_or_skip(description: &Path) -> Option<Self> {
        Self::start_or_skip("mock", &[description.as_os_str()])
    }

    fn start_or_skip(command: &str, arguments: &[&std::ffi::OsStr]) -> Option<Self> {
        match install() {
            Ok(program) => {
                Some(Self::start(&program, command, arguments).expect("an installed prism starts"))
            }
            Err(why) => {
                peer_unavailable("prism", format!("{why:#}"));
                None
            }
        }
    }

    fn start(
        program: &Path,
        command: &str,
        arguments: &[&std::ffi::OsStr],
    ) -> anyhow::Result<Self> {
        let mut server = Run::new(program)
            .args([command, "--errors", "-h", "127.0.0.1", "-p", "0"])
            .args(arguments)
            .timeout(Duration::from_secs(60))
            .start()?;
        let mut origin = None;
        server.wait_until(|server| {
            origin = announced(&server.stdout_so_far());
            origin.is_some()
        })?;
        let origin = origin.context("prism did not say where it listens")?;
        Ok(Self { server, origin })
    }

    /// Where it listens.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What it found wrong so far, one line each.
    pub fn violations(&self) -> Vec<String> {
        let said = self.server.stdout_so_far() + &self.server.stderr_so_far();
        // It logs what it refuses by the address of the error's description, and the rest in words.
        let marks = ["prism/errors#", "Violation"];
        let about = said
            .lines()
            .filter(|line| marks.iter().any(|mark| line.contains(mark)));
        about.map(str::to_owned).collect()
    }
}

fn announced(stdout: &str) -> Option<String> {
    let (_, rest) = stdout.split_once("listening on ")?;
    let (address, _) = rest.split_once('\n')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ":/.".contains(c);
    Some(address.chars().take_while(|c| plain(*c)).collect())
}

/// Installs it where it is missing; a second caller waits for the first.
fn install() -> anyhow::Result<PathBuf> {
    let peers = project_root().join("target/peers");
    fs::create_dir_all(&peers)?;
    let lock = File::create(peers.join("prism.lock"))?;
    lock.lock()?;
    let folder = peers.join("prism");
    let (program, complete) = (
        folder.join("node_modules/.bin/prism"),
        folder.join("complete"),
    );
    if fs::read_to_string(&complete).is_ok_and(|installed| installed == PACKAGE) {
        return Ok(program);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("package.json"), "{\"private\":true}\n")?;
    let mut run = Run::new("npm")
        .args([
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            PACKAGE,
        ])
        .directory(&folder)
        .timeout(MINUTES);
    // npm finds its registry, cache and certificates as the user set them up.
    let kept = |name: &str| name == "HOME" || name.starts_with("npm_") || name.ends_with("_proxy");
    let certificates = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"];
    for (name, value) in std::env::vars() {
        if kept(&name) || certificates.contains(&name.as_str()) {
            run = run.env(name, value);
        }
    }
    let outcome = run
        .finish()
        .context("npm can't be run (Debian: `apt-get install npm`)")?;
    if outcome.code != Some(0) {
        let last = outcome.stderr.lines().last().unwrap_or("it said nothing");
        bail!("npm install {PACKAGE} failed: {last}");
    }
    fs::write(complete, PACKAGE)?;
    Ok(program)
}
