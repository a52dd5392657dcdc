//! A component that is not what was approved: refused before it is compiled, or before it is run.

use std::fs;

use super::stage::{Stage, guest};
use crate::config::{self, Config};
use crate::plugins::{self, PluginError};
use crate::policy::{Difference, Lock};
use crate::sandbox::Allowance;

/// A config with the hostile sink in it.
fn config(stage: &Stage) -> Config {
    let path = stage.folder.path().join("keyferry.toml");
    let text = r#"
[matillion]
region = "eu1"
client_id = "id"
client_secret = { env = "NOT_READ_HERE" }
[plugins.hostile]
path = "hostile.wasm"
"#;
    fs::write(&path, text).unwrap();
    config::load(&path).unwrap()
}

async fn approve(stage: &Stage, config: &Config) -> Lock {
    let mut lock = Lock::load(&Lock::path_beside(&config.path)).unwrap();
    let path = &config.plugins["hostile"].path;
    let inspected = plugins::inspect(&stage.sandbox, "hostile", path, Allowance::default()).await;
    let inspected = inspected.unwrap();
    lock.approve(
        "hostile",
        &inspected.prepared.sha256,
        &inspected.description,
    )
    .unwrap();
    lock
}

fn put_guest(config: &Config, bytes: &[u8]) {
    fs::write(&config.plugins["hostile"].path, bytes).unwrap();
}

async fn usable(stage: &Stage, config: &Config, lock: &Lock) -> Result<(), PluginError> {
    plugins::usable(&stage.sandbox, config, lock, "hostile")
        .await
        .map(|_| ())
}

#[tokio::test]
async fn as_approved_it_runs_and_before_it_does_not() {
    let stage = Stage::new().await;
    let config = config(&stage);
    put_guest(&config, &guest(b'0'));
    let empty = Lock::load(&Lock::path_beside(&config.path)).unwrap();
    let error = usable(&stage, &config, &empty).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("keyferry plugins approve hostile"),
        "{error}"
    );
    let lock = approve(&stage, &config).await;
    usable(&stage, &config, &lock).await.unwrap();
}

#[tokio::test]
async fn another_file_is_refused_before_it_is_compiled() {
    let stage = Stage::new().await;
    let config = config(&stage);
    put_guest(&config, &guest(b'0'));
    let lock = approve(&stage, &config).await;
    // It would not compile either: that it is not tried is what the error shows.
    put_guest(&config, b"not wasm at all");
    let error = usable(&stage, &config, &lock).await.unwrap_err();
    assert!(
        matches!(error, PluginError::NotApproved(Difference::Digest { .. })),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("keyferry plugins approve hostile"),
        "{error}"
    );
}

#[tokio::test]
async fn one_more_host_than_approved_is_refused_and_shown() {
    let stage = Stage::new().await;
    let config = config(&stage);
    put_guest(&config, &guest(b'0'));
    approve(&stage, &config).await;
    put_guest(&config, &guest(b'1'));
    // As if the new digest had got into the lock, and its needs had not.
    let path = Lock::path_beside(&config.path);
    let digest = |bytes: &[u8]| {
        use sha2::{Digest, Sha256};
        crate::sandbox::hex(&Sha256::digest(bytes))
    };
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replace(&digest(&guest(b'0')), &digest(&guest(b'1'))),
    )
    .unwrap();
    let lock = Lock::load(&path).unwrap();
    let error = usable(&stage, &config, &lock).await.unwrap_err();
    assert!(
        matches!(error, PluginError::NotApproved(Difference::Needs { .. })),
        "{error}"
    );
    let text = error.to_string();
    assert!(text.contains("+ GET https://evil.test/"), "{text}");
    assert!(text.contains("keyferry plugins approve hostile"), "{text}");
    assert!(!text.contains("- "), "{text}");
}

#[tokio::test]
async fn needs_that_change_by_chance_are_never_the_approved_ones() {
    let stage = Stage::new().await;
    let config = config(&stage);
    put_guest(&config, &guest(b'4'));
    let lock = approve(&stage, &config).await;
    let error = usable(&stage, &config, &lock).await.unwrap_err();
    assert!(
        matches!(error, PluginError::NotApproved(Difference::Needs { .. })),
        "{error}"
    );
}
