//! A journal that fails: before the request nothing goes on, after it nothing stops. SQLite itself
//! refuses the write, by a trigger.

use rusqlite::Connection;

use super::model::Fault;
use super::ports::Op;
use super::stage::{Ended, RUNNER_ID, Stage, record};
use crate::rotation::{Drain, Step};
use crate::sandbox::types::FailureKind;

/// From now on entries whose text is like this can't be written.
fn deny(stage: &Stage, what: &str) {
    drop(stage.journal());
    let database = Connection::open(stage.folder.path().join("journal.db")).unwrap();
    let trigger = format!(
        "CREATE TRIGGER deny BEFORE INSERT ON entries WHEN NEW.what LIKE '{what}'
         BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    );
    database.execute_batch(&trigger).unwrap();
}

fn allow(stage: &Stage) {
    let database = Connection::open(stage.folder.path().join("journal.db")).unwrap();
    database.execute_batch("DROP TRIGGER deny").unwrap();
}

#[test]
fn without_a_durable_intent_nothing_is_asked() {
    for what in [
        "begun",
        "planned",
        "rehearsed",
        "drained",
        "about to ask%",
        "%",
    ] {
        let stage = Stage::new();
        deny(&stage, what);
        let ended = stage.run(record(Drain::RequireIdle, true));
        assert!(
            matches!(ended, Ended::Journal(_)),
            "{what}: {}",
            ended.word()
        );
        assert_eq!(stage.world.get().count(Op::Refresh), 0, "{what}");
    }
}

#[test]
fn a_runner_that_was_paused_is_resumed_before_the_error() {
    for what in ["drained", "about to ask%", "%"] {
        let stage = Stage::new();
        if what == "%" {
            stage.world.set().faults = vec![(Op::Refresh, 1, Fault::Declined)];
        }
        deny(&stage, if what == "%" { "not refreshed%" } else { what });
        let ended = stage.run(record(Drain::Pause, true));
        assert!(ended.is_refused(), "{what}: {}", ended.word());
        assert_eq!(stage.world.get().refreshes, 0, "{what}");
        assert!(!stage.world.get().paused, "{what}");
    }
}

#[test]
fn once_refreshed_it_goes_on_without_a_journal() {
    let stage = Stage::new();
    deny(&stage, "the issuer has a new secret%");
    let ended = stage.run(record(Drain::Pause, true));
    assert!(ended.is_done(), "{}", ended.word());
    stage.check(&ended, "no journal");
    let lines = stage.world.get().lines.join("\n");
    assert!(lines.contains("disk full"), "{lines}");
}

#[test]
fn a_secret_that_the_journal_did_not_take_is_offered_again() {
    let stage = Stage::new();
    stage.world.set().faults = vec![(Op::Restart, 1, Fault::Sink(FailureKind::Denied, false))];
    deny(&stage, "the issuer has a new secret%");
    let ended = stage.run(record(Drain::RequireIdle, true));
    assert_eq!(ended.held().step, Step::Restart);
    stage.check(&ended, "offered again");
}

#[test]
fn if_it_never_takes_it_the_issuer_is_read_back_later() {
    let stage = Stage::new();
    stage.world.set().faults = vec![(Op::Write, 2, Fault::Sink(FailureKind::Denied, false))];
    deny_after_the_intent(&stage);
    let ended = stage.run(record(Drain::RequireIdle, true));
    assert_eq!(ended.held().step, Step::Write);
    let lines = stage.world.get().lines.join("\n");
    assert!(lines.contains("not in the journal"), "{lines}");
    let open = stage.journal().open_attempt(RUNNER_ID).unwrap().unwrap();
    assert_eq!(open.step, Step::Sent);
    allow(&stage);
    assert!(stage.finish(ended, "read back").is_done());
    assert_eq!(stage.world.get().refreshes, 1);
}

fn deny_after_the_intent(stage: &Stage) {
    drop(stage.journal());
    let database = Connection::open(stage.folder.path().join("journal.db")).unwrap();
    database
        .execute_batch(
            "CREATE TRIGGER deny BEFORE INSERT ON entries
             WHEN EXISTS (SELECT 1 FROM entries WHERE what LIKE 'about to ask%')
             BEGIN SELECT RAISE(ABORT, 'disk full'); END",
        )
        .unwrap();
}

#[test]
fn an_end_that_cannot_be_written_is_written_later() {
    let stage = Stage::new();
    deny(&stage, "done");
    let ended = stage.run(record(Drain::Pause, true));
    assert_eq!(ended.held().step, Step::Done);
    allow(&stage);
    let ended = stage.resume();
    assert!(ended.is_done(), "{}", ended.word());
    stage.check(&ended, "closed later");
}
