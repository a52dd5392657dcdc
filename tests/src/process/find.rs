//! What must have been built before: the program and its sinks. A test never builds them itself
//! and never goes on without them.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// The folder of the workspace.
///
/// # Panics
/// If this package lies in no folder.
pub fn project_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a package inside the workspace")
}

/// The `keyferry` binary: `KEYFERRY_BIN`, or the one built beside the running test.
pub fn keyferry_binary() -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os("KEYFERRY_BIN") {
        let named = PathBuf::from(named);
        anyhow::ensure!(
            named.is_file(),
            "KEYFERRY_BIN names no file: {}",
            named.display()
        );
        return Ok(named);
    }
    let own = std::env::current_exe()?;
    // PROFILE/deps/TEST, or PROFILE/PROGRAM.
    let profiles = own.ancestors().skip(1).take(2);
    let found = profiles
        .map(|folder| folder.join("keyferry"))
        .find(|path| path.is_file());
    found.with_context(|| {
        format!(
            "no `keyferry` beside {}: run `cargo build --package keyferry` first (with the same \
             profile), or set KEYFERRY_BIN",
            own.display(),
        )
    })
}

/// A sink's component by its name, as `cargo xtask plugins` leaves it.
pub fn sink(name: &str) -> anyhow::Result<PathBuf> {
    let path = project_root()
        .join("target/plugins")
        .join(format!("{name}.wasm"));
    anyhow::ensure!(
        path.is_file(),
        "{} is not built: run `cargo xtask plugins` first",
        path.display(),
    );
    Ok(path)
}
