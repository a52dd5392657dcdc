//! The cache holds code that the host runs as its own. Whoever can alter a file of it must not be
//! able to run anything by that.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::Component;

use super::foreign::{COMPONENT, importing};
use crate::sandbox::cache::Cache;
use crate::sandbox::engine::engine;

const DIGEST: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

struct Bench {
    root: tempfile::TempDir,
    engine: Engine,
    component: Component,
}

impl Bench {
    fn new() -> Self {
        let engine = engine().unwrap();
        let component = Component::from_binary(&engine, COMPONENT).unwrap();
        let root = tempfile::tempdir().unwrap();
        Self {
            root,
            engine,
            component,
        }
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("cache")
    }

    fn open(&self) -> Cache {
        Cache::open(&self.folder()).unwrap()
    }

    fn stored(&self) -> PathBuf {
        let is_code = |path: &PathBuf| path.extension().is_some_and(|e| e == "cwasm");
        let mut found = fs::read_dir(self.folder())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        found.find(is_code).unwrap()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn what_was_kept_is_found_by_the_same_key_and_is_the_owners_alone() {
    let bench = Bench::new();
    let cache = bench.open();
    assert!(cache.load(&bench.engine, DIGEST).is_none());
    cache.store(&bench.engine, DIGEST, &bench.component);
    assert!(cache.load(&bench.engine, DIGEST).is_some());
    assert!(bench.open().load(&bench.engine, DIGEST).is_some());
    assert_eq!(mode(&bench.folder()), 0o700);
    assert_eq!(mode(&bench.stored()), 0o600);
    assert_eq!(mode(&bench.folder().join("key")), 0o600);
}

#[test]
fn no_bit_of_a_kept_file_can_be_altered() {
    let bench = Bench::new();
    let cache = bench.open();
    cache.store(&bench.engine, DIGEST, &bench.component);
    let path = bench.stored();
    let whole = fs::read(&path).unwrap();
    for at in (0..whole.len())
        .step_by(whole.len() / 97 + 1)
        .chain([0, 31, 32, whole.len() - 1])
    {
        let mut altered = whole.clone();
        altered[at] ^= 1 << (at % 8);
        fs::write(&path, altered).unwrap();
        assert!(cache.load(&bench.engine, DIGEST).is_none(), "byte {at}");
    }
    for length in [0, 1, 31, 32, 33, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(
            cache.load(&bench.engine, DIGEST).is_none(),
            "{length} bytes"
        );
    }
    fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
    assert!(cache.load(&bench.engine, DIGEST).is_none());
    fs::write(&path, &whole).unwrap();
    assert!(cache.load(&bench.engine, DIGEST).is_some());
}

#[test]
fn a_file_of_another_component_or_another_key_is_not_used() {
    let bench = Bench::new();
    let cache = bench.open();
    cache.store(&bench.engine, DIGEST, &bench.component);
    let ours = fs::read(bench.stored()).unwrap();
    let other_digest = DIGEST.replace('0', "9");
    let other = Component::from_binary(&bench.engine, &importing("wasi:cli/x@0.2.0")).unwrap();
    cache.store(&bench.engine, &other_digest, &other);
    for entry in fs::read_dir(bench.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "cwasm") {
            fs::write(path, &ours).unwrap();
        }
    }
    assert!(cache.load(&bench.engine, DIGEST).is_some());
    assert!(cache.load(&bench.engine, &other_digest).is_none());

    let elsewhere = Bench::new();
    let foreign = elsewhere.open();
    foreign.store(&elsewhere.engine, DIGEST, &elsewhere.component);
    fs::copy(elsewhere.stored(), bench.stored()).unwrap();
    fs::write(
        bench.folder().join(elsewhere.stored().file_name().unwrap()),
        fs::read(elsewhere.stored()).unwrap(),
    )
    .unwrap();
    assert!(cache.load(&bench.engine, DIGEST).is_none());
}

#[test]
fn a_folder_that_others_can_write_is_not_trusted() {
    let bench = Bench::new();
    fs::create_dir(bench.folder()).unwrap();
    fs::set_permissions(bench.folder(), fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(bench.folder().join("key"), [7; 32]).unwrap();
    let error = Cache::open(&bench.folder()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("written by others"), "{error}");
    fs::set_permissions(bench.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(
        Cache::open(&bench.folder()).is_err(),
        "a key that others can read"
    );
    fs::set_permissions(
        bench.folder().join("key"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    Cache::open(&bench.folder()).unwrap();
    assert_eq!(mode(&bench.folder()), 0o700);
}

#[test]
fn a_key_that_is_a_link_is_not_followed() {
    let bench = Bench::new();
    fs::create_dir(bench.folder()).unwrap();
    let planted = bench.root.path().join("planted");
    fs::write(&planted, [7; 32]).unwrap();
    std::os::unix::fs::symlink(&planted, bench.folder().join("key")).unwrap();
    assert!(Cache::open(&bench.folder()).is_err());
}

#[test]
fn processes_that_start_at_once_agree_on_a_key() {
    let bench = Bench::new();
    let caches: Vec<Cache> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(|| bench.open())).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    std::thread::scope(|scope| {
        for cache in &caches {
            scope.spawn(|| {
                for _ in 0..20 {
                    cache.store(&bench.engine, DIGEST, &bench.component);
                    assert!(cache.load(&bench.engine, DIGEST).is_some());
                }
            });
        }
    });
    let left = fs::read_dir(bench.folder()).unwrap().count();
    assert_eq!(left, 2, "the key and one component");
}
