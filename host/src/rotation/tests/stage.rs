//! A model with a state directory: runs an attempt in it, ends the process, takes it up again, and
//! compares what was said with what is true.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tempfile::TempDir;

use super::model::{CANARY, Kill, World, secret};
use crate::rotation::journal::{Journal, JournalError};
use crate::rotation::{Drain, Driver, Kind, Outcome, Patience, Pause, Record, Step};

pub const RUNNER_ID: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

/// How a process ended.
#[allow(clippy::large_enum_variant)]
pub enum Ended {
    Killed,
    Over(Outcome),
    Journal(JournalError),
}

impl Ended {
    pub fn held(&self) -> &Record {
        match self {
            Ended::Over(Outcome::Held(record, _)) => record,
            other => panic!("not held, but {}", other.word()),
        }
    }

    pub fn is_done(&self) -> bool {
        matches!(self, Ended::Over(Outcome::Done(_)))
    }

    pub fn is_refused(&self) -> bool {
        matches!(self, Ended::Over(Outcome::Refused(_)))
    }

    pub fn word(&self) -> String {
        match self {
            Ended::Killed => "killed".to_owned(),
            Ended::Journal(error) => format!("error: {error}"),
            Ended::Over(Outcome::Done(_)) => "done".to_owned(),
            Ended::Over(Outcome::Refused(record)) => format!("refused: {:?}", record.problem),
            Ended::Over(Outcome::Held(record, halt)) => {
                format!("held at {:?}, {halt:?}: {:?}", record.step, record.problem)
            }
        }
    }
}

pub fn record(drain: Drain, rehearse: bool) -> Record {
    Record {
        attempt: "11111111-1111-4111-8111-111111111111".to_owned(),
        rehearsal: "22222222-2222-4222-8222-222222222222".to_owned(),
        runner: "etl-prod".to_owned(),
        runner_id: RUNNER_ID.to_owned(),
        plugin: "aws-ecs".to_owned(),
        sha256: "00".to_owned(),
        kind: Kind::Refresh,
        step: Step::Plan,
        rehearse,
        drain,
        pause: Pause::No,
        grants_tokens: false,
        fingerprint_before: None,
        fingerprint: None,
        receipt: None,
        workload: None,
        unseen: false,
        tries: 0,
        rewrites: 0,
        problem: None,
        refused_in: None,
        opened_at: 1_700_000_000_000,
        refreshed_at: None,
        restarted_at: None,
        closed_at: None,
        window_us: None,
    }
}

/// A folder that vanishes; in memory where there is such a place, for the many syncs.
pub fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

pub struct Stage {
    pub world: World,
    pub folder: TempDir,
}

impl Stage {
    pub fn new() -> Self {
        Stage {
            world: World::new(),
            folder: folder(),
        }
    }

    pub fn journal(&self) -> Journal {
        Journal::open(self.folder.path(), &[]).unwrap()
    }

    /// A process that begins an attempt.
    pub fn run(&self, record: Record) -> Ended {
        self.process(async |driver| driver.run(record).await)
    }

    /// A process that takes up what is open.
    pub fn resume(&self) -> Ended {
        let open = self.journal().open_attempt(RUNNER_ID).unwrap();
        let record = open.expect("an attempt is open");
        self.process(async |driver| driver.take_up(record).await)
    }

    pub fn kill(&self, at: u32, after: bool) {
        self.world.set().kill = Some(Kill { at, after });
    }

    fn process<F>(&self, work: F) -> Ended
    where
        F: AsyncFnOnce(
            &mut Driver<'_, World, World, World, World>,
        ) -> Result<Outcome, JournalError>,
    {
        let mut journal = self.journal();
        let world = &self.world;
        let patience = Patience {
            drain: std::time::Duration::from_secs(60),
            ..Patience::default()
        };
        let mut driver = Driver::new(world, world, world, world, &mut journal, patience);
        let mut process = pin!(work(&mut driver));
        let mut context = Context::from_waker(Waker::noop());
        match process.as_mut().poll(&mut context) {
            Poll::Ready(Ok(outcome)) => Ended::Over(outcome),
            Poll::Ready(Err(error)) => Ended::Journal(error),
            Poll::Pending => {
                let mut state = world.set();
                assert!(state.killed, "the driver waits for nothing");
                (state.kill, state.killed) = (None, false);
                Ended::Killed
            }
        }
    }

    /// What must hold whenever a process has ended, however it did.
    pub fn check(&self, ended: &Ended, story: &str) {
        let journal = self.journal();
        let state = self.world.get();
        let posts = state.count(super::ports::Op::Refresh);
        assert!(posts <= 1, "{story}: {posts} requests for one attempt");
        let attempts = journal.history(None, 10).unwrap();
        for record in &attempts {
            let kept = journal.secret(&record.attempt).unwrap();
            let fingerprint = kept.as_ref().map(|kept| journal.keys().fingerprint(kept));
            match record.step {
                Step::Write
                | Step::Verify
                | Step::Restart
                | Step::Observe
                | Step::Connect
                | Step::Unpause => {
                    assert!(kept.is_some(), "{story}: no secret at {:?}", record.step);
                    assert_eq!(fingerprint, record.fingerprint, "{story}");
                }
                _ if record.closed_at.is_some() => assert!(kept.is_none(), "{story}: kept"),
                _ => {}
            }
            let told = journal.entries(&record.attempt).unwrap();
            let all = format!("{told:?}{record:?}{}{:?}", ended.word(), state.lines);
            assert!(!all.contains(CANARY), "{story}: a secret is shown");
        }
        match ended {
            Ended::Over(Outcome::Done(record)) => {
                assert_eq!(state.current, Some(state.live), "{story}: stored");
                assert_eq!(state.holds, state.live, "{story}: the runner's");
                assert!(state.connected(), "{story}: connected");
                let paused = state.paused || state.pausing;
                assert_eq!(paused, record.pause == Pause::ByOthers, "{story}: paused");
                assert!(
                    journal.open_attempt(RUNNER_ID).unwrap().is_none(),
                    "{story}"
                );
                assert!(
                    journal.secret(&record.attempt).unwrap().is_none(),
                    "{story}"
                );
            }
            Ended::Over(Outcome::Refused(record)) => {
                assert_eq!(state.refreshes, 0, "{story}: refused, and refreshed");
                let paused = state.paused || state.pausing;
                assert_eq!(paused, record.pause == Pause::ByOthers, "{story}: paused");
                assert!(
                    journal.open_attempt(RUNNER_ID).unwrap().is_none(),
                    "{story}"
                );
            }
            _ => {}
        }
    }

    /// No file of the state directory holds a secret in clear.
    pub fn check_files(&self) {
        let plain = secret(2);
        let json = serde_json::to_string(&plain).unwrap();
        for file in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                for needle in [CANARY, &plain, json.trim_matches('"')] {
                    let found = memchr::memmem::find(&bytes, needle.as_bytes());
                    assert_eq!(found, None, "{}", path.display());
                }
            }
        }
    }

    /// Resumes until it is over; panics if it never is.
    pub fn finish(&self, mut ended: Ended, story: &str) -> Ended {
        for _ in 0..8 {
            self.check(&ended, story);
            let over = matches!(
                ended,
                Ended::Over(Outcome::Done(_)) | Ended::Over(Outcome::Refused(_))
            );
            if over {
                return ended;
            }
            self.world.set().pass(1_000_000);
            ended = self.resume();
        }
        self.check(&ended, story);
        panic!("{story}: never over, {}", ended.word());
    }
}
