//! One refresher per runner, and nothing wider: the lock of one runner never holds up another.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A held lock; let go when dropped, or when the process ends however it ends.
#[derive(Debug)]
pub struct RunnerLock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Someone has it.
    #[error(
        "another keyferry (process {holder}) is working on this runner; wait for it to end, or look at `keyferry status`"
    )]
    Held {
        /// Its process id, as far as it wrote it.
        holder: String,
    },
    /// The file can't be made.
    #[error("cannot lock {}: {source}", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What came back.
        source: std::io::Error,
    },
}

impl RunnerLock {
    /// Takes the lock of a runner, by the issuer's id.
    ///
    /// # Errors
    /// If another process has it, or the state directory can't be written.
    pub fn take(state_dir: &Path, runner_id: &str) -> Result<Self, LockError> {
        let folder = state_dir.join("locks");
        let safe = |c: char| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        };
        let path = folder.join(runner_id.chars().map(safe).collect::<String>() + ".lock");
        let io = |source| LockError::Io {
            path: path.clone(),
            source,
        };
        crate::disk::private_folder(&folder).map_err(io)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = std::fs::read_to_string(&path).unwrap_or_default();
                return Err(LockError::Held {
                    holder: holder.trim().to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(io)?;
        Ok(Self { _file: file })
    }
}
