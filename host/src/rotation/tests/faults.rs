//! Faults of every kind at every place, one by one and in random rows: it ends as it should, and
//! says what is true.

use proptest::prelude::*;

use super::model::Fault;
use super::ports::Op;
use super::stage::{Ended, Stage, record};
use crate::rotation::{Drain, Halt, Kind, Outcome, Record, Step};
use crate::sandbox::types::FailureKind;

use FailureKind::{Conflict, Denied, Missing, Rejected, Unavailable, Uncertain};

fn with(faults: &[(Op, u32, Fault)]) -> Stage {
    let stage = Stage::new();
    stage.world.set().faults = faults.to_vec();
    stage
}

fn run(stage: &Stage, drain: Drain) -> Ended {
    let ended = stage.run(record(drain, true));
    stage.check(&ended, "one run");
    ended
}

/// The rehearsal writes first, so the real write is the second.
const WRITE: u32 = 2;

#[test]
fn an_answer_lost_after_the_deed_is_read_back() {
    let stage = with(&[(Op::Refresh, 1, Fault::Unanswered)]);
    assert!(run(&stage, Drain::Pause).is_done());
    assert_eq!(stage.world.get().refreshes, 1);
}

#[test]
fn a_request_that_takes_effect_late_is_waited_for() {
    let stage = with(&[(Op::Refresh, 1, Fault::Late(8))]);
    assert!(run(&stage, Drain::Pause).is_done());
}

#[test]
fn a_request_without_effect_is_refused_and_the_runner_resumed() {
    for fault in [Fault::Lost, Fault::Declined] {
        let stage = with(&[(Op::Refresh, 1, fault)]);
        assert!(run(&stage, Drain::Pause).is_refused(), "{fault:?}");
        assert_eq!(stage.world.get().count(Op::Resume), 1);
    }
}

#[test]
fn while_the_issuer_cannot_be_read_back_it_is_not_known() {
    let mut faults = vec![(Op::Refresh, 1, Fault::Unanswered)];
    faults.extend((3..30).map(|n| (Op::Credential, n, Fault::Lost)));
    let stage = with(&faults);
    let ended = run(&stage, Drain::RequireIdle);
    assert!(
        matches!(ended, Ended::Over(Outcome::Held(_, Halt::NotKnown))),
        "{}",
        ended.word()
    );
    assert!(stage.finish(ended, "read back later").is_done());
}

#[test]
fn a_read_back_that_fails_once_is_tried_again() {
    let lost = (Op::Credential, 3, Fault::Lost);
    let stage = with(&[(Op::Refresh, 1, Fault::Unanswered), lost]);
    assert!(run(&stage, Drain::RequireIdle).is_done());
}

#[test]
fn someone_else_who_refreshes_before_the_request_ends_it() {
    // Read by the plan, and once more before the request.
    let stage = with(&[(Op::Credential, 2, Fault::ForeignRefresh)]);
    assert!(run(&stage, Drain::Pause).is_refused());
    assert_eq!(stage.world.get().count(Op::Refresh), 0);
}

#[test]
fn passing_failures_are_got_over_and_waited_for_as_asked() {
    for op in [Op::Write, Op::Verify] {
        for kind in [Unavailable, Conflict, Uncertain] {
            for effect in [false, true] {
                let stage = with(&[(op, WRITE, Fault::Sink(kind, effect))]);
                let ended = run(&stage, Drain::Pause);
                let story = format!("{op:?} {kind:?} {effect}: {}", ended.word());
                assert!(ended.is_done(), "{story}");
                let waits = (Op::Sleep, "7s".to_owned());
                assert!(stage.world.get().log.contains(&waits), "{story}");
            }
        }
    }
}

#[test]
fn what_trying_again_cannot_help_is_held_and_taken_up_later() {
    let held = [
        (Op::Write, WRITE, Halt::NotWritten),
        (Op::Verify, WRITE, Halt::NotProven),
        (Op::Restart, 1, Halt::NotProven),
        (Op::Observe, 1, Halt::NotProven),
    ];
    for (op, nth, expected) in held {
        for kind in [Denied, Rejected] {
            let stage = with(&[(op, nth, Fault::Sink(kind, false))]);
            let ended = run(&stage, Drain::Pause);
            let Ended::Over(Outcome::Held(_, halt)) = &ended else {
                panic!("{op:?} {kind:?}: {}", ended.word());
            };
            assert_eq!(*halt, expected);
            assert!(stage.finish(ended, "later").is_done());
            assert_eq!(stage.world.get().refreshes, 1);
        }
    }
}

#[test]
fn failures_before_the_request_refuse_it() {
    for kind in [Denied, Missing, Rejected] {
        for op in [Op::Check, Op::Write, Op::Verify, Op::Warm] {
            let stage = with(&[(op, 1, Fault::Sink(kind, false))]);
            assert!(run(&stage, Drain::Pause).is_refused(), "{op:?} {kind:?}");
            assert_eq!(stage.world.get().count(Op::Refresh), 0);
        }
    }
}

#[test]
fn an_uncertain_write_that_cannot_be_read_counts_as_not_written() {
    let stage = with(&[
        (Op::Write, WRITE, Fault::Sink(Uncertain, false)),
        (Op::Verify, WRITE, Fault::Sink(Denied, false)),
    ]);
    let ended = run(&stage, Drain::RequireIdle);
    assert!(matches!(
        ended,
        Ended::Over(Outcome::Held(_, Halt::NotWritten))
    ));
}

#[test]
fn a_second_writer_is_overwritten_in_a_store_that_ignores_known_keys() {
    let stage = with(&[(Op::Write, WRITE, Fault::ForeignWrite)]);
    let ended = run(&stage, Drain::RequireIdle);
    assert!(ended.is_done(), "{}", ended.word());
}

#[test]
fn a_second_writer_after_the_check_is_found_out_by_the_connection() {
    let stage = with(&[(Op::Verify, WRITE, Fault::ForeignWrite)]);
    let ended = run(&stage, Drain::RequireIdle);
    assert_eq!(ended.held().step, Step::Connect);
    assert!(stage.finish(ended, "written anew").is_done());
}

#[test]
fn a_rollout_that_is_rolled_back_is_held_and_restarted_anew() {
    let stage = with(&[(Op::Restart, 1, Fault::RolledBack)]);
    let ended = run(&stage, Drain::Pause);
    assert_eq!(ended.held().step, Step::Restart);
    assert!(stage.finish(ended, "restarted anew").is_done());
    assert_eq!(stage.world.get().count(Op::Restart), 2);
}

#[test]
fn where_instances_cannot_be_seen_a_runner_that_never_went_proves_nothing() {
    let stage = Stage::new();
    stage.world.set().unseen = true;
    let reconcile = Record {
        kind: Kind::Reconcile,
        ..record(Drain::RequireIdle, true)
    };
    let ended = stage.run(reconcile);
    assert_eq!(ended.held().step, Step::Connect);
}

#[test]
fn running_pipelines_are_refused_waited_for_or_paused() {
    for (drain, done) in [
        (Drain::RequireIdle, false),
        (Drain::Wait, true),
        (Drain::Pause, true),
    ] {
        let stage = Stage::new();
        stage.world.set().executions_until_us = 30_000_000;
        assert_eq!(run(&stage, drain).is_done(), done, "{drain:?}");
    }
    let stage = Stage::new();
    stage.world.set().executions_until_us = 300_000_000;
    assert!(run(&stage, Drain::Wait).is_refused());
}

#[test]
fn a_pause_that_takes_too_long_is_taken_back() {
    let stage = Stage::new();
    stage.world.set().pause_takes_us = 90_000_000;
    assert!(run(&stage, Drain::Pause).is_refused());
    assert_eq!(stage.world.get().count(Op::Resume), 1);
}

#[test]
fn a_pause_whose_answer_is_lost_is_taken_back_when_it_shows() {
    let stage = with(&[(Op::Pause, 1, Fault::Unanswered)]);
    assert!(run(&stage, Drain::Pause).is_refused());
    stage.world.set().pass(60_000_000);
    assert!(!stage.world.get().paused);
}

#[test]
fn an_issuer_that_is_away_while_backing_out_is_held_not_asked_for_ever() {
    let mut faults = vec![(Op::Refresh, 1, Fault::Declined)];
    faults.extend((4..20).map(|n| (Op::Runner, n, Fault::Lost)));
    let stage = with(&faults);
    let mut ended = run(&stage, Drain::Pause);
    let mut tries = 0;
    while let Ended::Over(Outcome::Held(_, halt)) = &ended {
        assert_eq!(*halt, Halt::StillPaused);
        tries += 1;
        assert!(tries < 40);
        ended = stage.resume();
    }
    assert!(tries > 0);
    stage.check(&ended, "backed out");
    assert!(ended.is_refused());
}

#[test]
fn a_runner_that_others_paused_stays_paused() {
    let stage = Stage::new();
    stage.world.set().paused = true;
    for drain in [Drain::RequireIdle, Drain::Pause] {
        stage.world.set().counts.clear();
        let mut record = record(drain, true);
        record.attempt = uuid::Uuid::new_v4().to_string();
        record.rehearsal = uuid::Uuid::new_v4().to_string();
        let ended = stage.run(record);
        assert!(ended.is_done(), "{}", ended.word());
        assert!(stage.world.get().paused);
        assert_eq!(stage.world.get().count(Op::Resume), 0);
    }
}

fn any_fault() -> impl Strategy<Value = (Op, u32, Fault)> {
    let kinds = prop::sample::select(vec![
        Unavailable,
        Denied,
        Missing,
        Conflict,
        Rejected,
        Uncertain,
    ]);
    let sinks = prop::sample::select(vec![
        Op::Warm,
        Op::Check,
        Op::Write,
        Op::Verify,
        Op::Restart,
        Op::Observe,
    ]);
    let sink = (sinks, 1u32..6, kinds, any::<bool>()).prop_map(|(op, nth, kind, effect)| {
        // What a sink refuses has no effect; what it does not know may have one.
        let effect = effect && matches!(kind, Uncertain | Unavailable);
        (op, nth, Fault::Sink(kind, effect))
    });
    let reads = prop::sample::select(vec![
        Op::SignIn,
        Op::Runner,
        Op::Credential,
        Op::Running,
        Op::Token,
        Op::Pause,
        Op::Resume,
    ]);
    let errors = prop::sample::select(vec![Fault::Lost, Fault::Unanswered, Fault::Declined]);
    let read = (reads, 1u32..8, errors);
    let post = prop::sample::select(vec![
        Fault::Lost,
        Fault::Unanswered,
        Fault::Declined,
        Fault::Late(8),
    ]);
    let post = post.prop_map(|fault| (Op::Refresh, 1, fault));
    let others = prop::sample::select(vec![
        (Op::Credential, Fault::ForeignRefresh),
        (Op::Write, Fault::ForeignWrite),
        (Op::Verify, Fault::ForeignWrite),
        (Op::Verify, Fault::ForeignRefresh),
        (Op::Restart, Fault::RolledBack),
        (Op::Observe, Fault::ForeignRefresh),
    ]);
    let other = (others, 1u32..4).prop_map(|((op, fault), nth)| (op, nth, fault));
    prop_oneof![3 => sink, 2 => read, 1 => post, 1 => other]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_it_comes_to_a_true_end(
        faults in prop::collection::vec(any_fault(), 0..7),
        drain in prop::sample::select(vec![Drain::RequireIdle, Drain::Wait, Drain::Pause]),
        rehearse: bool,
        unseen: bool,
        grants_tokens: bool,
        kill in prop::option::of((1u32..60, any::<bool>())),
    ) {
        let stage = with(&faults);
        stage.world.set().unseen = unseen;
        stage.world.set().grants_tokens = grants_tokens;
        if let Some((at, after)) = kill {
            stage.kill(at, after);
        }
        let ended = stage.run(record(drain, rehearse));
        stage.world.set().kill = None;
        stage.finish(ended, &format!("{faults:?} {drain:?} {rehearse} {unseen}"));
    }
}
