//! Finds a toolchain that can build guests. Most machines have rustup, and fetch the target's
//! library; where that can't be fetched it is built from source, in the end by Debian's toolchain.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::TRIPLE;
use super::run::run;

/// What brings a second, complete toolchain with its sources.
const DEBIAN: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];

/// The ways to a toolchain, in the order in which they are tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Installed,
    Added,
    BuildStd,
    Debian,
}

const WAYS: [Way; 4] = [Way::Installed, Way::Added, Way::BuildStd, Way::Debian];

/// A toolchain that has built a guest.
pub(super) struct Toolchain {
    way: Way,
    target_dir: PathBuf,
}

/// Where guests are compiled, apart from the host's own crates.
pub(super) fn target_dir(root: &Path) -> PathBuf {
    root.join("target/guests")
}

impl Way {
    fn words(self) -> &'static str {
        match self {
            Self::Installed => "the installed target",
            Self::Added => "rustup target add",
            Self::BuildStd => "the toolchain's own sources (rust-src)",
            Self::Debian => "Debian's toolchain",
        }
    }

    /// Whether what the way needs is there, without asking the network.
    fn is_there(self, logs: &Path) -> bool {
        match self {
            Self::Installed | Self::Added => installed().is_ok(),
            Self::BuildStd => self.prepare(logs).is_ok(),
            Self::Debian => debian_is_there(logs),
        }
    }

    /// Brings what has to be there before a guest can be built in this way.
    fn prepare(self, logs: &Path) -> Result<(), String> {
        match self {
            Self::Installed => installed(),
            Self::Added => {
                let mut rustup = Command::new("rustup");
                run(
                    rustup.args(["target", "add", TRIPLE]),
                    Duration::from_secs(90),
                    &logs.join("rustup.log"),
                )?;
                installed()
            }
            Self::BuildStd => {
                let sources = Path::new(&rustc_says("sysroot")?)
                    .join("lib/rustlib/src/rust/library/Cargo.lock");
                sources
                    .is_file()
                    .then_some(())
                    .ok_or_else(|| format!("there is no {}", sources.display()))
            }
            Self::Debian => debian(logs),
        }
    }
}

impl Toolchain {
    /// The first that works. Says which in one line; an error says what each one said.
    pub(super) fn find(root: &Path) -> Result<Self> {
        let target_dir = target_dir(root);
        fs::create_dir_all(&target_dir)
            .with_context(|| format!("can't make {}", target_dir.display()))?;
        let memory = target_dir.join("toolchain");
        let sysroot = rustc_says("sysroot").unwrap_or_default();
        let remembered = fs::read_to_string(&memory).unwrap_or_default();
        let toolchain = |way| Self {
            way,
            target_dir: target_dir.clone(),
        };
        let mut said = String::new();
        // The way that worked last is looked at first, so that nothing asks the network again.
        for (number, way) in (1..).zip(WAYS) {
            if remembered == format!("{number} {sysroot}") && way.is_there(&target_dir) {
                eprintln!("guests are built with {}", way.words());
                return Ok(toolchain(way));
            }
        }
        for (number, way) in (1..).zip(WAYS) {
            match way
                .prepare(&target_dir)
                .and_then(|()| toolchain(way).probe())
            {
                Ok(()) => {
                    eprintln!("guests are built with {}", way.words());
                    fs::write(&memory, format!("{number} {sysroot}"))
                        .with_context(|| format!("can't write {}", memory.display()))?;
                    return Ok(toolchain(way));
                }
                Err(why) => write!(said, "\n  {number}. {}: {why}", way.words())?,
            }
        }
        bail!(
            "no toolchain here builds for {TRIPLE}; make one of these work (the first is the usual one):{said}\n\
             their output is in {}",
            target_dir.display()
        )
    }

    /// Cargo, ready to build a guest.
    pub(super) fn cargo(&self) -> Command {
        let mut cargo = Command::new(if self.way == Way::Debian {
            "/usr/bin/cargo"
        } else {
            "cargo"
        });
        // What the cargo that runs us has set for this program is wrong for another toolchain.
        for name in [
            "LD_LIBRARY_PATH",
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "RUSTC",
            "CARGO",
        ] {
            cargo.env_remove(name);
        }
        cargo
            .env("CARGO_TARGET_DIR", &self.target_dir)
            .env("CARGO_BUILD_TARGET", TRIPLE)
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s")
            .env("CARGO_PROFILE_RELEASE_LTO", "true")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
            .env("CARGO_PROFILE_RELEASE_STRIP", "true")
            .env("CARGO_PROFILE_RELEASE_PANIC", "abort");
        if matches!(self.way, Way::BuildStd | Way::Debian) {
            cargo
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort");
        }
        if self.way == Way::Debian {
            let path = std::env::var("PATH").unwrap_or_default();
            cargo
                .env("RUSTC", "/usr/bin/rustc")
                .env("PATH", format!("/usr/bin:{path}"))
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-19");
        }
        cargo
    }

    /// Builds a guest of one line, so that what fails later is the guest's own fault.
    fn probe(&self) -> Result<(), String> {
        let folder = self.target_dir.join("probe");
        let files = [
            (
                "Cargo.toml",
                "[package]\nname = \"probe\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n[workspace]\n",
            ),
            (
                "src/lib.rs",
                "#[unsafe(no_mangle)]\npub extern \"C\" fn probe() -> usize {\n    String::from(\"probe\").len()\n}\n",
            ),
        ];
        for (name, text) in files {
            let path = folder.join(name);
            let made = fs::create_dir_all(path.parent().unwrap_or(&folder))
                .and_then(|()| fs::write(&path, text));
            made.map_err(|error| format!("can't write {}: {error}", path.display()))?;
        }
        let mut cargo = self.cargo();
        cargo.current_dir(&folder).args(["build", "--release"]);
        run(
            &mut cargo,
            Duration::from_secs(600),
            &self.target_dir.join("probe.log"),
        )
    }
}

fn rustc_says(what: &str) -> Result<String, String> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", what]);
    if what == "target-libdir" {
        rustc.args(["--target", TRIPLE]);
    }
    let output = rustc
        .output()
        .map_err(|error| format!("can't run rustc: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr)
            .lines()
            .next()
            .unwrap_or("rustc failed")
            .to_owned()),
    }
}

fn installed() -> Result<(), String> {
    let library = rustc_says("target-libdir")?;
    Path::new(&library)
        .is_dir()
        .then_some(())
        .ok_or_else(|| format!("there is no {library}"))
}

/// Installs Debian's toolchain, if it is not there.
fn debian(logs: &Path) -> Result<(), String> {
    let log = logs.join("apt.log");
    if debian_is_there(logs) {
        return Ok(());
    }
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    let apt = |arguments: &[&str], limit: u64| {
        let mut command = if root {
            Command::new("apt-get")
        } else {
            Command::new("sudo")
        };
        if !root {
            command.args(["-n", "apt-get"]);
        }
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        run(&mut command, Duration::from_secs(limit), &log)
    };
    apt(&["update"], 180)?;
    apt(
        &[&["install", "-y", "--no-install-recommends"][..], &DEBIAN].concat(),
        420,
    )
}

fn debian_is_there(logs: &Path) -> bool {
    let mut query = Command::new("dpkg");
    run(
        query.arg("--status").args(DEBIAN),
        Duration::from_secs(20),
        &logs.join("dpkg.log"),
    )
    .is_ok()
}
