//! The subcommands beside `refresh` and `resume`, and the documents that programs read.

mod doctor;
mod init;
mod look;
mod plan;
mod plugins;
mod reconcile;

use serde_json::Value;

/// Asserts that a document has all of these members, present even where they are null.
fn has(document: &Value, members: &[&str]) {
    for member in members {
        assert!(document.get(member).is_some(), "{member} in {document}");
    }
}
