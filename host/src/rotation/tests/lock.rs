//! The lock of one runner, and of no other.

use super::stage::folder;
use crate::rotation::{LockError, RunnerLock};

#[test]
fn the_second_is_told_who_holds_it() {
    let folder = folder();
    let held = RunnerLock::take(folder.path(), "a").unwrap();
    match RunnerLock::take(folder.path(), "a") {
        Err(LockError::Held { holder }) => assert_eq!(holder, std::process::id().to_string()),
        other => panic!("{other:?}"),
    }
    RunnerLock::take(folder.path(), "b").unwrap();
    drop(held);
    RunnerLock::take(folder.path(), "a").unwrap();
}

#[test]
fn a_state_folder_that_cannot_be_made_is_named() {
    let folder = folder();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = RunnerLock::take(&file, "a").unwrap_err();
    assert!(error.to_string().contains("file/locks"), "{error}");
}

#[test]
fn an_id_is_no_path() {
    let folder = folder();
    let _held = RunnerLock::take(folder.path(), "../../escape").unwrap();
    let mut names = std::fs::read_dir(folder.path().join("locks")).unwrap();
    assert_eq!(
        names.next().unwrap().unwrap().file_name(),
        "______escape.lock"
    );
}
