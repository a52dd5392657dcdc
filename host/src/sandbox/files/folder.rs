//! From the path of a need to an open folder and a name in it, without following a single link on
//! the way: what was looked at is then what is read and replaced.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, openat, statat};
use rustix::io::Errno;

use super::FileError;
use crate::sandbox::Allowance;

/// A file by the folder that holds it; the folder stays open, so nobody can put another in its
/// place.
#[derive(Debug)]
pub struct Place {
    /// The folder.
    pub folder: OwnedFd,
    /// The file in it.
    pub name: OsString,
    /// As the operator knows it.
    pub path: PathBuf,
}

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Finds a file in the folders that the operator opened.
///
/// # Errors
/// If it lies elsewhere, a link stands in the way, or a folder is not there.
pub fn place(path: &str, allowance: &Allowance) -> Result<Place, FileError> {
    let (path, folder, mut inner) = inside(path, allowance)?;
    let name = inner.pop().ok_or_else(|| FileError::NoFile {
        path: path.clone(),
        what: "a folder",
    })?;
    let folder = walk(&path, folder, &inner)?;
    Ok(Place { folder, name, path })
}

/// Finds a folder in, or equal to, those that the operator opened.
///
/// # Errors
/// As [`place`].
pub fn folder(path: &str, allowance: &Allowance) -> Result<(OwnedFd, PathBuf), FileError> {
    let (path, folder, inner) = inside(path, allowance)?;
    let opened = walk(&path, folder, &inner)?;
    Ok((opened, path))
}

impl Place {
    /// Opens the file for reading, if it is a plain one.
    ///
    /// # Errors
    /// If it isn't there, or is anything else.
    pub fn open(&self) -> Result<(File, Stat), FileError> {
        // Looked at before it is opened: opening a device can do things.
        self.plain(&self.look()?)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&self.folder, &self.name, flags, Mode::empty())
            .map_err(|errno| self.failed("opened", errno))?;
        let stat = rustix::fs::fstat(&file).map_err(|errno| self.failed("examined", errno))?;
        self.plain(&stat)?;
        Ok((File::from(file), stat))
    }

    /// What the name stands for now.
    fn look(&self) -> Result<Stat, FileError> {
        statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|errno| self.failed("examined", errno))
    }

    fn plain(&self, stat: &Stat) -> Result<(), FileError> {
        let what = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => return Ok(()),
            FileType::Symlink => {
                return Err(FileError::Link {
                    path: self.path.clone(),
                });
            }
            FileType::Directory => "a folder",
            FileType::Fifo => "a pipe",
            FileType::Socket => "a socket",
            _ => "a device",
        };
        let path = self.path.clone();
        Err(FileError::NoFile { path, what })
    }

    /// What an error of the system means for this file.
    pub fn failed(&self, what: &'static str, errno: Errno) -> FileError {
        failed(&self.path, what, errno)
    }
}

/// The opened folder that `path` lies in, and the names from there on.
fn inside(
    path: &str,
    allowance: &Allowance,
) -> Result<(PathBuf, PathBuf, Vec<OsString>), FileError> {
    let path = allowance.base.join(path);
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(FileError::Climbs { path });
    }
    for opened in &allowance.folders {
        // The opened folder is the operator's word, links and all; only what lies below it isn't.
        let Ok(real) = opened.canonicalize() else {
            continue;
        };
        let below = path
            .strip_prefix(opened)
            .or_else(|_| path.strip_prefix(&real));
        if let Ok(below) = below {
            let names = below.components().filter_map(|part| match part {
                Component::Normal(name) => Some(name.to_owned()),
                _ => None,
            });
            let names = names.collect();
            return Ok((path, real, names));
        }
    }
    let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
    let opened = allowance.folders.clone();
    Err(FileError::NotOpened {
        path,
        folder,
        opened,
    })
}

fn walk(path: &Path, folder: PathBuf, names: &[OsString]) -> Result<OwnedFd, FileError> {
    let mut at = openat(CWD, &folder, FOLDER, Mode::empty())
        .map_err(|errno| failed(&folder, "opened", errno))?;
    let mut reached = folder;
    for name in names {
        reached.push(name);
        at = step(&at, name).map_err(|errno| match errno {
            Errno::LOOP | Errno::MLINK | Errno::NOTDIR if is_link(&at, name) => FileError::Link {
                path: reached.clone(),
            },
            Errno::NOTDIR => FileError::NoFolder {
                path: reached.clone(),
                wanted: path.to_owned(),
            },
            errno => failed(&reached, "opened", errno),
        })?;
    }
    Ok(at)
}

fn step(at: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    openat(at, name, FOLDER, Mode::empty())
}

fn is_link(at: &OwnedFd, name: &OsStr) -> bool {
    statat(at, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}

fn failed(path: &Path, what: &'static str, errno: Errno) -> FileError {
    let path = path.to_owned();
    match errno {
        Errno::NOENT => FileError::Missing { path },
        Errno::LOOP | Errno::MLINK => FileError::Link { path },
        errno => FileError::System {
            path,
            what,
            source: errno.into(),
        },
    }
}
