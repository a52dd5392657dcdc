//! Builds sinks and other guests into components. A guest is a plain `wasm32-unknown-unknown`
//! module at first; encoding it as a component adds nothing to import, so what the world does not
//! name, the guest can't reach.

mod run;
#[cfg(test)]
mod tests;
mod toolchain;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use wit_component::ComponentEncoder;

use toolchain::Toolchain;

/// The target triple of every guest.
const TRIPLE: &str = "wasm32-unknown-unknown";

/// Builds every sink of `plugins/` to `target/plugins/NAME.wasm`.
pub fn build_sinks(root: &Path) -> Result<Vec<PathBuf>> {
    let plugins = root.join("plugins");
    let mut names = Vec::new();
    for entry in
        fs::read_dir(&plugins).with_context(|| format!("can't list {}", plugins.display()))?
    {
        let folder = entry?.path();
        if folder.join("Cargo.toml").is_file() {
            names.push(package_name(&folder)?);
        }
    }
    names.sort();
    let toolchain = Toolchain::find(root)?;
    let mut cargo = toolchain.cargo();
    cargo
        .current_dir(root)
        .args(["build", "--quiet", "--release", "--locked"]);
    for name in &names {
        cargo.args(["--package", name]);
    }
    compile(&mut cargo, &names.join(", "))?;
    let out = root.join("target/plugins");
    names
        .iter()
        .map(|name| encode(root, name, &out.join(format!("{name}.wasm"))))
        .collect()
}

/// Builds the guest whose `Cargo.toml` lies in `manifest_dir` to the component `out`.
pub fn build_guest(root: &Path, manifest_dir: &Path, out: &Path) -> Result<PathBuf> {
    let name = package_name(manifest_dir)?;
    let toolchain = Toolchain::find(root)?;
    let mut cargo = toolchain.cargo();
    cargo
        .current_dir(manifest_dir)
        .args(["build", "--quiet", "--release", "--package", &name]);
    if manifest_dir.join("Cargo.lock").is_file() {
        cargo.arg("--locked");
    }
    compile(&mut cargo, &name)?;
    encode(root, &name, out)
}

fn compile(cargo: &mut Command, what: &str) -> Result<()> {
    let status = cargo
        .status()
        .with_context(|| format!("can't run {:?}", cargo.get_program()))?;
    ensure!(
        status.success(),
        "building {what} for {TRIPLE} failed ({status}); the compiler's words are above"
    );
    Ok(())
}

/// Makes the module a component, unless a newer one is there.
fn encode(root: &Path, name: &str, out: &Path) -> Result<PathBuf> {
    let module = toolchain::target_dir(root)
        .join(TRIPLE)
        .join("release")
        .join(format!("{}.wasm", name.replace('-', "_")));
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    let built = modified(&module).with_context(|| {
        format!(
            "{name} left no {}; is its crate-type cdylib?",
            module.display()
        )
    })?;
    if modified(out).is_ok_and(|encoded| encoded > built) {
        return Ok(out.to_owned());
    }
    let bytes = fs::read(&module).with_context(|| format!("can't read {}", module.display()))?;
    let component = ComponentEncoder::default()
        .module(&bytes)
        .and_then(|encoder| encoder.validate(true).encode())
        .with_context(|| {
            format!("{name} can't be made a component; does it export a world of wit/?")
        })?;
    let folder = out
        .parent()
        .context("the component needs a folder to lie in")?;
    fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    let unfinished = out.with_extension("wasm.part");
    fs::write(&unfinished, component)
        .with_context(|| format!("can't write {}", unfinished.display()))?;
    fs::rename(&unfinished, out).with_context(|| format!("can't write {}", out.display()))?;
    Ok(out.to_owned())
}

/// The name in the `[package]` table.
fn package_name(manifest_dir: &Path) -> Result<String> {
    let path = manifest_dir.join("Cargo.toml");
    let manifest =
        fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
    let table = manifest
        .lines()
        .skip_while(|line| line.trim() != "[package]")
        .skip(1);
    let name = table
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| key.trim() == "name")
        .map(|(_, value)| value.trim().trim_matches('"').to_owned());
    name.with_context(|| format!("{} names no package", path.display()))
}
