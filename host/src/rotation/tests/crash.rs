//! The process ends at every call it makes, before and after the call takes effect, and is taken
//! up from what is on the disk.

use super::model::Fault;
use super::ports::Op;
use super::stage::{Ended, Stage, record};
use crate::rotation::{Drain, Kind, Record};

const DRAINS: [Drain; 3] = [Drain::RequireIdle, Drain::Wait, Drain::Pause];

/// Kills at every call; says how many there were.
fn everywhere(prepare: &dyn Fn(&Stage), record: &Record, story: &str) -> u32 {
    let whole = Stage::new();
    prepare(&whole);
    let ended = whole.run(record.clone());
    whole.finish(ended, story);
    let calls = whole.world.get().calls;
    for at in 1..=calls {
        for after in [false, true] {
            let stage = Stage::new();
            prepare(&stage);
            stage.kill(at, after);
            let first = stage.run(record.clone());
            let op = stage.world.get().log.last().cloned();
            let story = format!("{story}, killed at {at} {op:?} after={after}");
            let killed = matches!(first, Ended::Killed);
            let last = stage.finish(first, &story);
            let state = stage.world.get();
            let asked = state.count(Op::Refresh);
            if record.kind == Kind::Refresh && killed {
                let effect = state.refreshes;
                assert!(effect <= asked, "{story}");
                assert_eq!(last.is_done(), effect == 1, "{story}: {}", last.word());
            }
        }
    }
    calls
}

#[test]
fn a_process_killed_anywhere_is_taken_up_to_its_end() {
    for drain in DRAINS {
        for rehearse in [true, false] {
            let story = format!("{drain:?} rehearse={rehearse}");
            let calls = everywhere(&|_| (), &record(drain, rehearse), &story);
            assert!(calls > 20, "{story}: {calls} calls");
        }
    }
}

#[test]
fn so_is_one_whose_answer_was_lost_too() {
    for fault in [Fault::Unanswered, Fault::Lost, Fault::Late(4)] {
        let prepare = |stage: &Stage| stage.world.set().faults.push((Op::Refresh, 1, fault));
        everywhere(&prepare, &record(Drain::Pause, true), &format!("{fault:?}"));
    }
}

#[test]
fn so_is_one_whose_instances_cannot_be_seen() {
    let prepare = |stage: &Stage| stage.world.set().unseen = true;
    everywhere(&prepare, &record(Drain::Pause, true), "unseen");
}

#[test]
fn so_is_a_reconcile() {
    let prepare = |stage: &Stage| {
        let mut state = stage.world.set();
        state.current = Some(0);
        state.holds = 0;
    };
    let reconcile = Record {
        kind: Kind::Reconcile,
        ..record(Drain::Wait, true)
    };
    everywhere(&prepare, &reconcile, "reconcile");
}

#[test]
fn a_second_kill_while_it_is_taken_up_changes_nothing() {
    let whole = Stage::new();
    whole.run(record(Drain::Pause, true));
    let calls = whole.world.get().calls;
    for first in (1..=calls).step_by(2) {
        for second in (1..calls).step_by(5) {
            let stage = Stage::new();
            stage.kill(first, true);
            let mut ended = stage.run(record(Drain::Pause, true));
            let story = format!("killed at {first}, then {second} later");
            stage.check(&ended, &story);
            if matches!(ended, Ended::Killed) {
                stage.kill(first + second, second % 2 == 0);
                ended = stage.resume();
                stage.world.set().kill = None;
            }
            stage.finish(ended, &story);
        }
    }
}

#[test]
fn no_file_of_the_state_directory_shows_a_secret_at_any_time() {
    let whole = Stage::new();
    whole.run(record(Drain::RequireIdle, true));
    for at in 1..=whole.world.get().calls {
        let stage = Stage::new();
        stage.kill(at, true);
        stage.run(record(Drain::RequireIdle, true));
        stage.check_files();
    }
    whole.check_files();
}
