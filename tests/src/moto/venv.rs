//! The Python environment that the AWS peers live in: made once, kept in the target folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::process::{Run, project_root};

/// Pinned, so that a test that passed passes again.
const PACKAGES: [&str; 3] = ["moto[server]==5.2.5", "boto3==1.44.5", "awscli==1.46.3"];
const MINUTES: Duration = Duration::from_secs(600);

/// A virtual environment with moto, boto3 and awscli.
#[derive(Clone)]
pub struct Venv {
    path: PathBuf,
}

impl Venv {
    /// Makes the environment where it is missing; a second caller waits for the first.
    pub fn prepare() -> anyhow::Result<Self> {
        Self::with("moto-venv", &PACKAGES)
    }

    /// The same for other packages, each with its version, under another name.
    pub fn with(name: &str, packages: &[&str]) -> anyhow::Result<Self> {
        let peers = project_root().join("target/peers");
        fs::create_dir_all(&peers)?;
        let lock = File::create(peers.join(format!("{name}.lock")))?;
        lock.lock()?;
        let venv = Self {
            path: peers.join(name),
        };
        let (complete, wanted) = (venv.path.join("complete"), packages.join("\n"));
        if fs::read_to_string(&complete).is_ok_and(|installed| installed == wanted) {
            return Ok(venv);
        }
        if venv.path.exists() {
            fs::remove_dir_all(&venv.path)?;
        }
        have_python()?;
        run("python3", &["-m", "venv", &venv.path.display().to_string()])?;
        let pip = venv.program("pip");
        let install = ["install", "--quiet", "--disable-pip-version-check"];
        run(
            &pip.display().to_string(),
            &[&install[..], packages].concat(),
        )?;
        fs::write(complete, wanted)?;
        Ok(venv)
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// One of its programs: `python`, `aws`, `moto_server`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.path.join("bin").join(name)
    }
}

/// A Debian without `python3-venv` gets it, where that needs no password.
pub(crate) fn have_python() -> anyhow::Result<()> {
    if run("python3", &["-c", "import ensurepip, venv"]).is_ok() {
        return Ok(());
    }
    let root = rustix::process::geteuid().is_root();
    let apt = |arguments: &[&str]| match root {
        true => run("apt-get", arguments),
        false => run("sudo", &[&["-n", "apt-get"], arguments].concat()),
    };
    let installed = apt(&["update", "--quiet"]).and_then(|()| {
        apt(&[
            "install",
            "--yes",
            "--no-install-recommends",
            "python3-venv",
        ])
    });
    if let Err(why) = installed {
        bail!(
            "python3 with the modules venv and ensurepip is missing (Debian: `apt-get install \
             python3-venv`), and installing it failed: {why:#}"
        );
    }
    Ok(())
}

pub(crate) fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let mut run = Run::new(program).args(arguments).timeout(MINUTES);
    // pip finds its index, cache and certificates as the user set them up.
    let kept = |name: &str| name == "HOME" || name.starts_with("PIP_") || name.ends_with("_proxy");
    for (name, value) in std::env::vars().filter(|(name, _)| kept(name)) {
        run = run.env(name, value);
    }
    let outcome = run.finish()?;
    if outcome.code == Some(0) {
        return Ok(());
    }
    let last = outcome
        .stderr
        .lines()
        .last()
        .unwrap_or("it said nothing")
        .to_owned();
    Err(anyhow::anyhow!(last)).with_context(|| format!("{program} {} failed", arguments.join(" ")))
}
