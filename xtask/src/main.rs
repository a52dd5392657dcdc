//! Chores of the workspace.

mod guests;

use std::path::Path;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace");
    match std::env::args().nth(1).as_deref() {
        Some("plugins") => {
            for component in guests::build_sinks(root)? {
                println!("{}", component.display());
            }
            Ok(())
        }
        _ => bail!("say what to do: plugins"),
    }
}
