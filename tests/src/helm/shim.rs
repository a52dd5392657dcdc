//! `helm` and `kubectl` with something in front: every call is written down, and a fault that was
//! planned is played once. Everything else is the real program.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::tools::Tools;

/// What goes wrong with the next call of a kind.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It takes effect, and its answer is lost.
    Lost,
    /// It has no effect, and fails with these words.
    Refused(String),
    /// It ends long after its time is over.
    Hangs,
    /// Something happens first.
    After(String),
    /// It takes effect, and something happens behind it.
    Before(String),
}

/// A folder with both programs.
pub struct Shims {
    folder: TempDir,
}

impl Shims {
    pub(super) fn new(tools: &Tools) -> anyhow::Result<Self> {
        let shims = Self {
            folder: TempDir::with_prefix("keyferry-shims-")?,
        };
        fs::create_dir(shims.faults())?;
        for name in ["helm", "kubectl"] {
            let path = shims.folder.path().join(name);
            fs::write(&path, shims.script(name, &tools.program(name)))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        }
        Ok(shims)
    }

    fn script(&self, name: &str, program: &Path) -> String {
        let (real, faults, calls) = (program.display(), self.faults(), self.calls_file());
        let (faults, calls) = (faults.display(), calls.display());
        format!(
            r#"#!/bin/sh
real='{real}'
printf '%s\n' "{name} $*" >> '{calls}'
case "$*" in
  *--dry-run*) call='{name}-dry-run' ;;
  *) call="{name}-$1" ;;
esac
fault='{faults}'/"$call"
if mv "$fault" "$fault.$$" 2> /dev/null; then . "$fault.$$"; fi
exec "$real" "$@"
"#
        )
    }

    /// What comes first in PATH.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Plans a fault for the next call of `helm-upgrade`, `kubectl-rollout` and so on.
    ///
    /// # Panics
    /// If it can't be written.
    pub fn fail(&self, call: &str, fault: &Fault) {
        let script = match fault {
            Fault::Lost => "\"$real\" \"$@\" > /dev/null 2>&1; echo 'Error: connection reset by peer' >&2; exit 1".to_owned(),
            Fault::Refused(words) => format!("echo '{words}' >&2; exit 1"),
            Fault::Hangs => "sleep 30".to_owned(),
            Fault::After(script) => script.clone(),
            Fault::Before(script) => format!("\"$real\" \"$@\" || exit $?\n{script}\nexit 0"),
        };
        fs::write(self.faults().join(call), script + "\n").expect("a planned fault");
    }

    /// Every call so far, program and arguments.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.calls_file()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// How many calls began so.
    pub fn count(&self, start: &str) -> usize {
        let dry = |call: &&String| call.contains("--dry-run") && !start.contains("--dry-run");
        self.calls()
            .iter()
            .filter(|call| call.starts_with(start) && !dry(call))
            .count()
    }

    fn faults(&self) -> PathBuf {
        self.folder.path().join("faults")
    }

    fn calls_file(&self) -> PathBuf {
        self.folder.path().join("calls")
    }
}
