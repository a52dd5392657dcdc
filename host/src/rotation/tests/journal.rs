//! The journal: what comes back from it, who can read it, and what is left of a secret.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;
use rusqlite::Connection;

use super::model::{CANARY, credential, secret};
use super::stage::{RUNNER_ID, folder, record};
use crate::rotation::{Drain, Journal, JournalError, Record, Step};

fn at(step: Step) -> Record {
    Record {
        step,
        ..record(Drain::Wait, true)
    }
}

fn blob(folder: &Path) -> Vec<u8> {
    let database = Connection::open(folder.join("journal.db")).unwrap();
    let read = "SELECT secret FROM attempts";
    database.query_row(read, [], |row| row.get(0)).unwrap()
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>, u32)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        files.push((entry.file_name().into_string().unwrap(), bytes, mode));
    }
    files
}

#[test]
fn a_secret_comes_back_byte_for_byte_in_another_process() {
    let folder = folder();
    let mut journal = Journal::open(folder.path(), &[]).unwrap();
    journal
        .save(&at(Step::Write), 1, "x", Some(&credential(2)))
        .unwrap();
    // A later save without a secret does not take it away.
    journal.save(&at(Step::Verify), 2, "y", None).unwrap();
    drop(journal);
    let journal = Journal::open(folder.path(), &[]).unwrap();
    let back = journal.secret(&at(Step::Write).attempt).unwrap().unwrap();
    assert!(back.client_secret.expose() == secret(2));
    assert_eq!(back.client_id, credential(2).client_id);
    let open = journal.open_attempt(RUNNER_ID).unwrap();
    assert_eq!(open, Some(at(Step::Verify)));
}

#[test]
fn a_save_that_fails_leaves_all_as_it_was() {
    let folder = folder();
    let mut journal = Journal::open(folder.path(), &[]).unwrap();
    journal.save(&at(Step::Sent), 1, "x", None).unwrap();
    let deny = "CREATE TRIGGER deny BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'no'); END";
    let database = Connection::open(folder.path().join("journal.db")).unwrap();
    database.execute_batch(deny).unwrap();
    let failed = journal.save(&at(Step::Write), 2, "y", Some(&credential(2)));
    assert!(matches!(failed, Err(JournalError::Database { .. })));
    let attempt = at(Step::Sent).attempt;
    assert_eq!(
        journal.open_attempt(RUNNER_ID).unwrap(),
        Some(at(Step::Sent))
    );
    assert!(journal.secret(&attempt).unwrap().is_none());
    assert_eq!(journal.entries(&attempt).unwrap().len(), 1);
}

#[test]
fn a_newer_form_is_refused_and_left_alone() {
    let folder = folder();
    drop(Journal::open(folder.path(), &[]).unwrap());
    let database = Connection::open(folder.path().join("journal.db")).unwrap();
    database.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(database);
    let error = Journal::open(folder.path(), &[]).err().unwrap().to_string();
    assert!(error.contains("form 99"), "{error}");
    assert!(error.contains("written by a newer one"), "{error}");
    let database = Connection::open(folder.path().join("journal.db")).unwrap();
    let form: i64 = database
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(form, 99);
}

#[test]
fn a_file_that_is_no_journal_is_said() {
    let folder = folder();
    std::fs::write(folder.path().join("journal.db"), "not a database, surely").unwrap();
    let error = Journal::open(folder.path(), &[]).err().unwrap().to_string();
    assert!(error.contains("cannot open the journal"), "{error}");
}

#[test]
fn a_foreign_identity_reads_nothing_and_a_recipient_does() {
    let (folder, recipient) = (folder(), Identity::generate());
    let recipients = [recipient.to_public().to_string()];
    let mut journal = Journal::open(folder.path(), &recipients).unwrap();
    journal
        .save(&at(Step::Write), 1, "x", Some(&credential(2)))
        .unwrap();
    drop(journal);
    let plain = age::decrypt(&recipient, &blob(folder.path())).unwrap();
    let plain: serde_json::Value = serde_json::from_slice(&plain).unwrap();
    assert!(plain["client_secret"] == secret(2));

    let foreign = Identity::generate();
    assert!(age::decrypt(&foreign, &blob(folder.path())).is_err());
    let path = folder.path().join("identity.txt");
    std::fs::write(&path, foreign.to_string().expose_secret()).unwrap();
    let journal = Journal::open(folder.path(), &[]).unwrap();
    let error = journal.secret(&at(Step::Write).attempt).err().unwrap();
    let error = error.to_string();
    assert!(error.contains("written with another identity"), "{error}");
    assert!(error.contains("age -d"), "{error}");
}

#[test]
fn nothing_is_left_of_a_secret_that_is_forgotten() {
    let folder = folder();
    let mut journal = Journal::open(folder.path(), &[]).unwrap();
    let mut bytes = Vec::new();
    // Written twice, as when a newer secret is taken over.
    for serial in [2, 3] {
        let saved = journal.save(&at(Step::Write), 1, "x", Some(&credential(serial)));
        saved.unwrap();
        bytes.push(blob(folder.path()));
    }
    let held = files(folder.path());
    let holds = |files: &[(String, Vec<u8>, u32)], needle: &[u8]| {
        let mut files = files.iter();
        files.any(|(_, bytes, _)| memchr::memmem::find(bytes, needle).is_some())
    };
    // The end of an encrypted blob is its ciphertext; the beginning is the same for all.
    let ends: Vec<&[u8]> = bytes.iter().map(|b| &b[b.len() - 48..]).collect();
    assert!(holds(&held, ends[1]), "or the search proves nothing");
    journal.finish(&at(Step::Write), 2, "done").unwrap();
    assert!(journal.secret(&at(Step::Write).attempt).unwrap().is_none());
    for end in ends {
        assert!(!holds(&files(folder.path()), end));
    }
}

#[test]
fn files_are_their_owners_alone_and_hold_nothing_in_clear() {
    let parent = folder();
    let folder = parent.path().join("state");
    let mut journal = Journal::open(&folder, &[]).unwrap();
    journal
        .save(&at(Step::Write), 1, "x", Some(&credential(2)))
        .unwrap();
    let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let files = files(&folder);
    let names: Vec<&str> = files.iter().map(|(name, ..)| name.as_str()).collect();
    for name in [
        "journal.db",
        "journal.db-wal",
        "identity.txt",
        "fingerprint.key",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
    for (name, bytes, mode) in &files {
        assert_eq!(*mode, 0o600, "{name}");
        let found = memchr::memmem::find(bytes, CANARY.as_bytes());
        assert_eq!(found, None, "{name}");
    }
}

#[test]
fn the_open_attempt_is_found_among_closed_ones_and_other_runners() {
    let folder = folder();
    let mut journal = Journal::open(folder.path(), &[]).unwrap();
    assert_eq!(journal.open_attempt(RUNNER_ID).unwrap(), None);
    let attempts = [
        ("a", RUNNER_ID, 1, None),
        ("b", RUNNER_ID, 2, Some(3)),
        ("c", "other", 4, None),
    ];
    for (attempt, runner_id, opened_at, closed_at) in attempts {
        let record = Record {
            attempt: attempt.to_owned(),
            runner_id: runner_id.to_owned(),
            opened_at,
            closed_at,
            ..at(Step::Write)
        };
        journal.save(&record, 1, "x", None).unwrap();
    }
    let names = |records: Vec<Record>| records.into_iter().map(|r| r.attempt).collect::<Vec<_>>();
    let open = journal.open_attempt(RUNNER_ID).unwrap().unwrap();
    assert_eq!(open.attempt, "a");
    assert_eq!(names(journal.open_attempts().unwrap()), ["a", "c"]);
    assert_eq!(names(journal.history(None, 2).unwrap()), ["c", "b"]);
    assert_eq!(
        names(journal.history(Some("etl-prod"), 9).unwrap()).len(),
        3
    );
    assert!(journal.history(Some("nobody"), 9).unwrap().is_empty());
}
