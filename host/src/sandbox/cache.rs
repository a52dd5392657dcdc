//! Compiled components, kept so that a sink is ready in less than a millisecond.
//!
//! wasmtime runs whatever it is given as compiled code, altered or not. So a file of the cache is
//! used only if it carries the MAC that this state directory's own key gives it.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

const KEY_BYTES: usize = 32;
const MAC_BYTES: usize = 32;

/// The cache of one state directory.
pub struct Cache {
    folder: PathBuf,
    key: Vec<u8>,
}

impl Cache {
    /// Opens the cache in `folder`, making its key if there is none.
    ///
    /// # Errors
    /// If the folder or the key can't be made or read.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        crate::disk::private_folder(folder)?;
        own(folder)?;
        let path = folder.join("key");
        let key = crate::disk::read_or_create(&path, || {
            let mut key = vec![0; KEY_BYTES];
            key[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
            key[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
            key
        })?;
        let stat = std::fs::symlink_metadata(&path)?;
        let alone = stat.is_file() && stat.uid() == me() && stat.mode() & 0o077 == 0;
        if key.len() != KEY_BYTES || !alone {
            return Err(std::io::Error::other(format!(
                "{} is not a key of the cache that only its owner can read; remove the folder, it will be made anew",
                path.display()
            )));
        }
        Ok(Self {
            folder: folder.to_owned(),
            key,
        })
    }

    /// The component with this digest, if it is in the cache and authentic.
    pub fn load(&self, engine: &Engine, sha256: &str) -> Option<Component> {
        let name = self.name(engine, sha256);
        let stored = std::fs::read(self.folder.join(&name)).ok()?;
        let (mac, code) = stored.split_at_checked(MAC_BYTES)?;
        self.mac(&name, code).verify_slice(mac).ok()?;
        // SAFETY: the bytes are what `Component::serialize` gave to a process that held the key:
        // the MAC was verified over the very buffer that is used, not over a file that may change.
        #[allow(unsafe_code)]
        unsafe { Component::deserialize(engine, code) }.ok()
    }

    /// Keeps a compiled component. A cache that can't be written is slow, not wrong.
    pub fn store(&self, engine: &Engine, sha256: &str, component: &Component) {
        let Ok(code) = component.serialize() else {
            return;
        };
        let name = self.name(engine, sha256);
        let mut stored = self.mac(&name, &code).finalize().into_bytes().to_vec();
        stored.extend_from_slice(&code);
        if let Err(error) = crate::disk::replace(&self.folder.join(name), &stored, 0o600) {
            tracing::debug!(%error, "the compiled component was not kept");
        }
    }

    /// Other engines and settings have other names, so none is ever offered to the wrong one.
    fn name(&self, engine: &Engine, sha256: &str) -> String {
        use std::hash::{Hash, Hasher};
        struct Compatibility(Sha256);
        impl Hasher for Compatibility {
            fn finish(&self) -> u64 {
                0
            }
            fn write(&mut self, bytes: &[u8]) {
                self.0.update(bytes);
            }
        }
        let mut hasher = Compatibility(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let engine = hex(&hasher.0.finalize()[..8]);
        format!("{}-{engine}.cwasm", &sha256[..sha256.len().min(32)])
    }

    fn mac(&self, name: &str, code: &[u8]) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key)
            .expect("HMAC takes a key of any length");
        mac.update(name.as_bytes());
        mac.update(&[0]);
        mac.update(code);
        mac
    }
}

/// Whoever could put a key here could have any code run. A folder that others could write is not
/// used; one that they could only look into is closed.
fn own(folder: &Path) -> std::io::Result<()> {
    let stat = std::fs::symlink_metadata(folder)?;
    if !stat.is_dir() || stat.uid() != me() || stat.mode() & 0o022 != 0 {
        return Err(std::io::Error::other(
            "it is another user's, or can be written by others; remove it, it will be made anew",
        ));
    }
    match stat.mode() & 0o077 {
        0 => Ok(()),
        _ => std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)),
    }
}

fn me() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
