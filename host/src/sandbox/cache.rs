//! Compiled components, kept so that a sink is ready in less than a millisecond.
//!
//! wasmtime runs whatever it is given as compiled code, altered or not. So a file of the cache is
//! used only if it carries the MAC that this state directory's own key gives it.

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
        let key = crate::disk::read_or_create(&folder.join("key"), || {
            let mut key = vec![0; KEY_BYTES];
            key[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
            key[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
            key
        })?;
        if key.len() != KEY_BYTES {
            return Err(std::io::Error::other(format!(
                "{} is not a key of the cache; remove the folder, it will be made anew",
                folder.join("key").display()
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

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
