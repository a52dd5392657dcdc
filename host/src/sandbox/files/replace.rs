//! Replacing a file: a new one beside it, whole and on disk, then renamed over it.
//!
//! A reader sees the old file or the new one. Another keyferry is kept out by a lock on the folder.
//! A writer that knows no lock is seen if it was done before the last look, right before the
//! rename; one that comes in the few microseconds between the two, or writes on into the old file
//! through a handle it holds, loses its change. No call of a Unix system closes that gap; `verify`
//! then finds what is stored.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::fs::{
    AtFlags, Dir, FileType, FlockOperation, Gid, Mode, OFlags, Stat, Uid, fchmod, fchown, flock,
    fstat, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::folder::Place;
use super::{FileError, revision};

/// How long another keyferry may hold the folder.
const PATIENCE: Duration = Duration::from_secs(5);
/// A temporary file older than this was left by a process that died.
const LEFT_BEHIND: Duration = Duration::from_secs(900);
const MARK: &str = ".keyferry-";

/// Puts `contents` in the file's place if it is still at `expected`; gives the new revision.
///
/// # Errors
/// If it isn't, or anything fails. Only [`FileError::NotDurable`] comes after the replacement.
pub fn replace(
    place: &Place,
    contents: &[u8],
    expected: &str,
    most: usize,
) -> Result<String, FileError> {
    let _held = hold(place)?;
    let stat = current(place, expected, most)?;
    if stat.st_nlink > 1 {
        return Err(FileError::SeveralNames {
            path: place.path.clone(),
        });
    }
    sweep(place);
    let name = temporary(place);
    let written = write(place, &name, contents, &stat)
        .and_then(|()| current(place, expected, most).map(|_| ()))
        .and_then(|()| {
            renameat(&place.folder, &name, &place.folder, &place.name)
                .map_err(|errno| place.failed("replaced", errno))
        });
    if let Err(error) = written {
        // It may not have been made at all.
        let _ = unlinkat(&place.folder, &name, AtFlags::empty());
        return Err(error);
    }
    rustix::fs::fsync(&place.folder).map_err(|errno| FileError::NotDurable {
        path: place.path.clone(),
        source: errno.into(),
    })?;
    Ok(revision::of(contents))
}

/// The file as it is now, if it is at the revision expected.
fn current(place: &Place, expected: &str, most: usize) -> Result<Stat, FileError> {
    let (contents, stat) = super::contents(place, most)?;
    if revision::of(&contents) != expected {
        return Err(FileError::Changed {
            path: place.path.clone(),
        });
    }
    Ok(stat)
}

/// A lock on the folder, given back when it is dropped.
fn hold(place: &Place) -> Result<OwnedFd, FileError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = openat(&place.folder, ".", flags, Mode::empty())
        .map_err(|errno| place.failed("locked", errno))?;
    let since = SystemTime::now();
    loop {
        match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => {}
            // Where folders can't be locked, as on some network shares, the last look must do.
            Ok(()) | Err(_) => return Ok(folder),
        }
        if since.elapsed().unwrap_or(PATIENCE) >= PATIENCE {
            return Err(FileError::Busy {
                path: place.path.clone(),
            });
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn temporary(place: &Place) -> OsString {
    let mut name = prefix(place);
    name.push(uuid::Uuid::new_v4().simple().to_string());
    name
}

fn prefix(place: &Place) -> OsString {
    let mut name = OsString::from(".");
    name.push(&place.name);
    name.push(MARK);
    name
}

fn write(place: &Place, name: &OsString, contents: &[u8], old: &Stat) -> Result<(), FileError> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(&place.folder, name, flags, Mode::RUSR | Mode::WUSR)
        .map_err(|errno| place.failed("written beside", errno))?;
    keep(place, &file, old)?;
    let mut file = File::from(file);
    file.write_all(contents)
        .and_then(|()| file.sync_all())
        .map_err(|source| FileError::System {
            path: place.path.clone(),
            what: "written beside",
            source,
        })
}

/// Gives the new file the old one's owner, access list and mode, in this order: a change of owner
/// drops bits of the mode. Done before there is anything in it to read.
fn keep(place: &Place, file: &OwnedFd, old: &Stat) -> Result<(), FileError> {
    let refused = |errno: Errno| FileError::Owner {
        path: place.path.clone(),
        source: errno.into(),
    };
    let new = fstat(file).map_err(refused)?;
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid) {
        let owner = Some(Uid::from_raw(old.st_uid));
        fchown(file, owner, Some(Gid::from_raw(old.st_gid))).map_err(refused)?;
    }
    fchmod(file, Mode::from_raw_mode(old.st_mode)).map_err(refused)?;
    access_list(place, file).map_err(refused)
}

/// Without its access list the mode's group bits would mean something else.
#[cfg(target_os = "linux")]
fn access_list(place: &Place, file: &OwnedFd) -> Result<(), Errno> {
    const NAME: &str = "system.posix_acl_access";
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let old = openat(&place.folder, &place.name, flags, Mode::empty())?;
    let mut list = vec![0u8; 64 << 10];
    match rustix::fs::fgetxattr(&old, NAME, list.as_mut_slice()) {
        Ok(length) => {
            rustix::fs::fsetxattr(file, NAME, &list[..length], rustix::fs::XattrFlags::empty())
        }
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(()),
        Err(errno) => Err(errno),
    }
}

#[cfg(not(target_os = "linux"))]
fn access_list(_place: &Place, _file: &OwnedFd) -> Result<(), Errno> {
    Ok(())
}

/// Removes what a process that was killed while writing left beside the file: it holds the secret.
fn sweep(place: &Place) {
    let Ok(folder) = Dir::read_from(&place.folder) else {
        return;
    };
    let prefix = prefix(place);
    for entry in folder.flatten() {
        let name = entry.file_name();
        if !name.to_bytes().starts_with(prefix.as_encoded_bytes()) {
            continue;
        }
        let Ok(stat) = statat(&place.folder, name, AtFlags::SYMLINK_NOFOLLOW) else {
            continue;
        };
        let written = SystemTime::UNIX_EPOCH + Duration::from_secs(stat.st_mtime.max(0) as u64);
        let old = SystemTime::now()
            .duration_since(written)
            .is_ok_and(|age| age > LEFT_BEHIND);
        if old && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
            // Another process may have been faster.
            let _ = unlinkat(&place.folder, name, AtFlags::empty());
        }
    }
}
