//! The files gate: documents by the names of approved needs, only in folders that the operator
//! opened. What a sink reads is sealed; what it writes gets its values only where the need carries
//! the secret.

mod error;
mod folder;
mod replace;
mod revision;
#[cfg(test)]
mod tests;

use std::io::Read;

use rustix::fs::Stat;
use zeroize::Zeroizing;

pub use error::FileError;
pub(super) use folder::folder;

use self::folder::Place;
use super::Allowance;
use crate::policy::{Access, FileGrant, Grant};
use crate::seal::Seal;

/// A document as a sink may see it.
pub struct Document {
    /// Sealed.
    pub contents: Vec<u8>,
    /// Names the contents as they are on disk.
    pub revision: String,
}

/// Reads the document of a need.
///
/// # Errors
/// If no need names it, it can't be read, or its hidden fields can't be found.
pub async fn read(
    name: &str,
    grant: &Grant,
    allowance: &Allowance,
    seal: &mut Seal,
) -> Result<Document, FileError> {
    let granted = granted(name, grant)?;
    let (path, allowance) = (granted.need.path.clone(), allowance.clone());
    let contents = blocking(move || {
        let place = folder::place(&path, &allowance)?;
        Ok(contents(&place, allowance.limits.body_bytes)?.0)
    })
    .await?;
    let sealed = seal
        .seal_document(&contents, &granted.seals)
        .map_err(|source| FileError::Unreadable {
            path: granted.need.path.clone().into(),
            source,
        })?;
    tracing::info!(
        name,
        path = granted.need.path,
        length = contents.len(),
        "sink read a file"
    );
    Ok(Document {
        contents: sealed.to_vec(),
        revision: revision::of(&contents),
    })
}

/// Replaces the document of a need if it is still at `revision`; gives the new revision.
///
/// # Errors
/// If no need allows it, someone else changed the file, or it can't be written.
pub async fn replace(
    name: &str,
    contents: &[u8],
    revision: String,
    grant: &Grant,
    allowance: &Allowance,
    seal: &Seal,
) -> Result<String, FileError> {
    let granted = granted(name, grant)?;
    let need = &granted.need;
    if need.access != Access::Replace {
        return Err(FileError::ReadOnly {
            name: need.name.clone(),
        });
    }
    if !need.carries_secret && seal.has_token(contents) {
        return Err(FileError::WithoutSecret {
            name: need.name.clone(),
        });
    }
    let most = allowance.limits.body_bytes;
    let contents = seal.unseal(contents)?;
    if contents.len() > most {
        return Err(FileError::TooLarge {
            path: need.path.clone().into(),
            most,
        });
    }
    let (path, allowance) = (need.path.clone(), allowance.clone());
    let new = blocking(move || {
        let place = folder::place(&path, &allowance)?;
        replace::replace(&place, &contents, &revision, most)
    })
    .await?;
    tracing::info!(name, path = need.path, "sink replaced a file");
    Ok(new)
}

fn granted<'g>(name: &str, grant: &'g Grant) -> Result<&'g FileGrant, FileError> {
    let found = grant.files.iter().find(|file| file.need.name == name);
    found.ok_or_else(|| FileError::NotApproved {
        name: name.escape_debug().to_string(),
    })
}

/// All of a file, and what was known of it when it was opened.
fn contents(place: &Place, most: usize) -> Result<(Zeroizing<Vec<u8>>, Stat), FileError> {
    let (file, stat) = place.open()?;
    let length = usize::try_from(stat.st_size).unwrap_or(usize::MAX);
    let too_large = || FileError::TooLarge {
        path: place.path.clone(),
        most,
    };
    if length > most {
        return Err(too_large());
    }
    // Room for all of it, so that no copy is left behind by growing.
    let mut contents = Zeroizing::new(Vec::with_capacity(length + 1));
    file.take(length as u64 + 1)
        .read_to_end(&mut contents)
        .map_err(|source| FileError::System {
            path: place.path.clone(),
            what: "read",
            source,
        })?;
    match contents.len() == length {
        true => Ok((contents, stat)),
        false => Err(FileError::Changed {
            path: place.path.clone(),
        }),
    }
}

/// Files can hang, as on a network share that went away; the call's time limit must still hold.
/// What was begun is ended by the thread, also when nobody waits for it any more.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) => Err(FileError::Stopped(stopped)),
    }
}
