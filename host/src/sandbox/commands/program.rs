//! Which file a program's name stands for: the operator's PATH decides, never the folder that
//! happens to be the current one.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::CommandError;

/// Looks a program up.
///
/// # Errors
/// If there is none that can be run.
pub fn find(name: &str, path: &OsStr) -> Result<PathBuf, CommandError> {
    let name_only = Path::new(name);
    if name_only.is_absolute() {
        return match runs(name_only) {
            true => Ok(name_only.to_owned()),
            false => Err(missing(name)),
        };
    }
    if name.is_empty() || name.contains('/') {
        return Err(CommandError::RelativeProgram {
            program: name.to_owned(),
        });
    }
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|candidate| runs(candidate))
        .ok_or_else(|| missing(name))
}

fn runs(path: &Path) -> bool {
    path.is_file() && access(path, Access::EXEC_OK).is_ok()
}

fn missing(name: &str) -> CommandError {
    CommandError::NoProgram {
        program: name.to_owned(),
    }
}
