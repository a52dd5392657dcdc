//! The journal: what makes a killed refresh one that can be taken up.
//!
//! SQLite in WAL mode with `synchronous=FULL`: what `save` returns from is on the disk. The one
//! column that holds a secret holds it encrypted, and is emptied only when the runner was seen
//! with it.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};

use super::keys::{KeyError, Keys};
use super::record::Record;
use crate::secret::Credential;

/// The version of the tables.
const FORM: i64 = 1;

/// Why the journal can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It can't be opened, read or written.
    #[error("cannot {attempted} the journal {}: {source}\nCheck the disk and the permissions of the state directory.", path.display())]
    Database {
        /// What was attempted.
        attempted: &'static str,
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A newer keyferry wrote it.
    #[error("the journal {} has form {found}, and this keyferry reads form {FORM}: it was written by a newer one. Use that one; nothing was changed.", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its form.
        found: i64,
    },
    /// A row can't be read.
    #[error("the journal {} holds a record that can't be read: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A secret can't be encrypted or decrypted.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The journal of one state directory.
pub struct Journal {
    path: PathBuf,
    database: Connection,
    keys: Keys,
}

/// One line of an attempt's story.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// Unix milliseconds.
    pub at: i64,
    /// The phase it was in.
    pub phase: String,
    /// What happened.
    pub what: String,
}

impl Journal {
    /// Opens the journal, making it if there is none.
    ///
    /// # Errors
    /// If it can't be opened, or a newer keyferry wrote it.
    pub fn open(state_dir: &Path, recipients: &[String]) -> Result<Self, JournalError> {
        let keys = Keys::load(state_dir, recipients)?;
        let path = state_dir.join("journal.db");
        let fail = |source| JournalError::Database {
            attempted: "open",
            path: path.clone(),
            source,
        };
        let database = Connection::open(&path).map_err(fail)?;
        set_private(&path);
        database
            .execute_batch(
                "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON;",
            )
            .map_err(fail)?;
        let found: i64 = database
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .map_err(fail)?;
        if found > FORM {
            return Err(JournalError::Newer { path, found });
        }
        if found < FORM {
            database
                .execute_batch(
                    "BEGIN IMMEDIATE;
                     CREATE TABLE IF NOT EXISTS attempts (
                        attempt TEXT PRIMARY KEY, runner TEXT NOT NULL, runner_id TEXT NOT NULL,
                        opened_at INTEGER NOT NULL, closed_at INTEGER, record TEXT NOT NULL,
                        secret BLOB);
                     CREATE TABLE IF NOT EXISTS entries (
                        attempt TEXT NOT NULL REFERENCES attempts, at INTEGER NOT NULL,
                        phase TEXT NOT NULL, what TEXT NOT NULL);
                     CREATE INDEX IF NOT EXISTS by_runner ON attempts (runner_id, opened_at);
                     CREATE INDEX IF NOT EXISTS by_attempt ON entries (attempt);
                     PRAGMA user_version = 1;
                     COMMIT;",
                )
                .map_err(fail)?;
        }
        Ok(Self {
            path,
            database,
            keys,
        })
    }

    /// The keys of the state directory.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Makes a record durable, and with it, where one is given, the secret. One transaction: the
    /// record never says that there is a secret which isn't there.
    ///
    /// # Errors
    /// If it can't be written; the journal is then as it was.
    pub fn save(
        &mut self,
        record: &Record,
        at: i64,
        what: &str,
        secret: Option<&Credential>,
    ) -> Result<(), JournalError> {
        let encrypted = secret
            .map(|credential| self.keys.encrypt(credential))
            .transpose()?;
        self.write(record, at, what, encrypted.as_deref(), false)
    }

    /// Makes the last record of an attempt durable and destroys the copy of its secret, which was
    /// proven to be where it belongs.
    ///
    /// # Errors
    /// If it can't be written; the journal is then as it was.
    pub fn finish(&mut self, record: &Record, at: i64, what: &str) -> Result<(), JournalError> {
        self.write(record, at, what, None, true)?;
        // Older pages hold the copy until then. Where this fails, the last to close the journal does it.
        let _ = self
            .database
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        Ok(())
    }

    fn write(
        &mut self,
        record: &Record,
        at: i64,
        what: &str,
        secret: Option<&[u8]>,
        forget: bool,
    ) -> Result<(), JournalError> {
        let text = serde_json::to_string(record).map_err(|error| self.malformed(&error))?;
        let write = |database: &mut Connection| -> rusqlite::Result<()> {
            let transaction = database.transaction()?;
            transaction.execute(
                "INSERT INTO attempts (attempt, runner, runner_id, opened_at, closed_at, record, secret)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (attempt) DO UPDATE SET closed_at = excluded.closed_at,
                    record = excluded.record,
                    secret = CASE WHEN ?8 THEN NULL ELSE coalesce(excluded.secret, secret) END",
                params![
                    record.attempt,
                    record.runner,
                    record.runner_id,
                    record.opened_at,
                    record.closed_at,
                    text,
                    secret,
                    forget
                ],
            )?;
            transaction.execute(
                "INSERT INTO entries (attempt, at, phase, what) VALUES (?1, ?2, ?3, ?4)",
                params![record.attempt, at, record.phase().name(), what],
            )?;
            transaction.commit()
        };
        write(&mut self.database).map_err(|source| self.failed("write", source))
    }

    /// The attempt of a runner that is not over.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn open_attempt(&self, runner_id: &str) -> Result<Option<Record>, JournalError> {
        let text = self
            .database
            .query_row(
                "SELECT record FROM attempts WHERE runner_id = ?1 AND closed_at IS NULL
                 ORDER BY opened_at DESC LIMIT 1",
                [runner_id],
                |row| row.get::<_, String>(0),
            )
            .optional()
            .map_err(|source| self.failed("read", source))?;
        text.map(|text| self.parse(&text)).transpose()
    }

    /// Every attempt that is not over.
    ///
    /// # Errors
    /// If they can't be read.
    pub fn open_attempts(&self) -> Result<Vec<Record>, JournalError> {
        self.records(
            "SELECT record FROM attempts WHERE closed_at IS NULL ORDER BY opened_at",
            [],
        )
    }

    /// The newest attempts, of one runner by its name in the config or of all.
    ///
    /// # Errors
    /// If they can't be read.
    pub fn history(&self, runner: Option<&str>, most: u32) -> Result<Vec<Record>, JournalError> {
        self.records(
            "SELECT record FROM attempts WHERE ?1 IS NULL OR runner = ?1
             ORDER BY opened_at DESC LIMIT ?2",
            params![runner, most],
        )
    }

    /// The story of one attempt.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn entries(&self, attempt: &str) -> Result<Vec<Entry>, JournalError> {
        let read = || -> rusqlite::Result<Vec<Entry>> {
            self.database
                .prepare("SELECT at, phase, what FROM entries WHERE attempt = ?1 ORDER BY rowid")?
                .query_map([attempt], |row| {
                    Ok(Entry {
                        at: row.get(0)?,
                        phase: row.get(1)?,
                        what: row.get(2)?,
                    })
                })?
                .collect()
        };
        read().map_err(|source| self.failed("read", source))
    }

    /// The secret that an attempt keeps.
    ///
    /// # Errors
    /// If it can't be read or decrypted.
    pub fn secret(&self, attempt: &str) -> Result<Option<Credential>, JournalError> {
        let encrypted: Option<Vec<u8>> = self
            .database
            .query_row(
                "SELECT secret FROM attempts WHERE attempt = ?1",
                [attempt],
                |row| row.get(0),
            )
            .optional()
            .map_err(|source| self.failed("read", source))?
            .flatten();
        Ok(encrypted
            .map(|encrypted| self.keys.decrypt(&encrypted))
            .transpose()?)
    }

    fn records(
        &self,
        query: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<Record>, JournalError> {
        let texts = || -> rusqlite::Result<Vec<String>> {
            self.database
                .prepare(query)?
                .query_map(params, |row| row.get(0))?
                .collect()
        };
        let texts = texts().map_err(|source| self.failed("read", source))?;
        texts.iter().map(|text| self.parse(text)).collect()
    }

    fn parse(&self, text: &str) -> Result<Record, JournalError> {
        serde_json::from_str(text).map_err(|error| self.malformed(&error))
    }

    fn malformed(&self, error: &serde_json::Error) -> JournalError {
        JournalError::Malformed {
            path: self.path.clone(),
            problem: error.to_string(),
        }
    }

    fn failed(&self, attempted: &'static str, source: rusqlite::Error) -> JournalError {
        JournalError::Database {
            attempted,
            path: self.path.clone(),
            source,
        }
    }
}

/// SQLite gives its other files the mode of the first.
fn set_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
}
