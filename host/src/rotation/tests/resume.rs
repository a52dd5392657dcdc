//! What is taken up after others have been at it: someone refreshed again, the issuer shows an old
//! answer, the journal lost its secret.

use super::model::{Fault, secret};
use super::ports::Op;
use super::stage::{Ended, RUNNER_ID, Stage, record};
use crate::rotation::{Drain, Step};
use crate::sandbox::types::FailureKind;

/// Held before the write, with the second secret in the journal.
fn held_at_write() -> Stage {
    let stage = Stage::new();
    let denied = Fault::Sink(FailureKind::Denied, false);
    stage.world.set().faults = vec![(Op::Write, 2, denied)];
    let ended = stage.run(record(Drain::RequireIdle, true));
    assert_eq!(ended.held().step, Step::Write);
    stage
}

fn kept(stage: &Stage) -> Option<String> {
    let journal = stage.journal();
    let open = journal.open_attempt(RUNNER_ID).unwrap().unwrap();
    let kept = journal.secret(&open.attempt).unwrap();
    kept.map(|kept| kept.client_secret.expose().to_owned())
}

#[test]
fn a_newer_secret_of_the_issuer_takes_the_place_of_ours() {
    for killed_after in [Op::Write, Op::Verify, Op::Restart, Op::Observe] {
        let stage = Stage::new();
        let whole = stage.run(record(Drain::RequireIdle, true));
        assert!(whole.is_done());
        let log = stage.world.get().log.clone();
        let at = log.iter().rposition(|(op, _)| *op == killed_after).unwrap() + 1;

        let stage = Stage::new();
        stage.kill(u32::try_from(at).unwrap(), true);
        assert!(matches!(
            stage.run(record(Drain::RequireIdle, true)),
            Ended::Killed
        ));
        stage.world.set().live += 1;
        let writes = stage.world.get().count(Op::Write);
        let ended = stage.resume();
        assert!(ended.is_done(), "{killed_after:?}: {}", ended.word());
        // Under a key of its own: the store took it at once.
        assert_eq!(stage.world.get().count(Op::Write), writes + 1);
        stage.check(&ended, "taken over");
        assert_eq!(stage.world.get().refreshes, 1);
    }
}

#[test]
fn an_old_answer_of_the_issuer_does_not_take_the_place_of_the_only_copy() {
    let stage = held_at_write();
    let nth = stage.world.get().count(Op::Credential) + 1;
    let denied = Fault::Sink(FailureKind::Denied, false);
    let writes = stage.world.get().count(Op::Write) + 1;
    stage.world.set().faults = vec![
        (Op::Credential, nth, Fault::Stale),
        (Op::Write, writes, denied),
    ];
    let ended = stage.resume();
    assert_eq!(ended.held().step, Step::Write);
    assert!(
        kept(&stage) == Some(secret(2)),
        "the journal holds the live one"
    );
    assert!(stage.finish(ended, "an old answer").is_done());
}

#[test]
fn an_issuer_that_is_away_does_not_hinder() {
    let stage = held_at_write();
    let nth = stage.world.get().count(Op::Credential) + 1;
    stage.world.set().faults = vec![(Op::Credential, nth, Fault::Lost)];
    assert!(stage.resume().is_done());
}

#[test]
fn a_lost_identity_costs_nothing_while_the_issuer_can_be_asked() {
    let stage = held_at_write();
    std::fs::remove_file(stage.folder.path().join("identity.txt")).unwrap();
    let ended = stage.resume();
    assert!(ended.is_done(), "{}", ended.word());
    stage.check(&ended, "another identity");
}

#[test]
fn without_identity_and_issuer_it_is_held_and_nothing_is_written() {
    let stage = held_at_write();
    std::fs::remove_file(stage.folder.path().join("identity.txt")).unwrap();
    let nth = stage.world.get().count(Op::Credential) + 1;
    stage.world.set().faults = vec![(Op::Credential, nth, Fault::Lost)];
    let writes = stage.world.get().count(Op::Write);
    let ended = stage.resume();
    let problem = ended.held().problem.clone().unwrap();
    assert!(problem.contains("could not be decrypted"), "{problem}");
    assert_eq!(stage.world.get().count(Op::Write), writes);
}

#[test]
fn a_runner_seen_to_go_by_one_process_is_not_waited_for_to_go_by_the_next() {
    let stage = Stage::new();
    stage.world.set().unseen = true;
    stage.world.set().rollout_us = 60_000_000;
    // The runner of the model goes when the secret is refreshed, and is back after the rollout.
    stage.run(record(Drain::RequireIdle, true));
    let log = stage.world.get().log.clone();
    let observed = log.iter().rposition(|(op, _)| *op == Op::Observe).unwrap();

    let stage = Stage::new();
    stage.world.set().unseen = true;
    stage.world.set().rollout_us = 60_000_000;
    stage.kill(u32::try_from(observed).unwrap() + 3, false);
    assert!(matches!(
        stage.run(record(Drain::RequireIdle, true)),
        Ended::Killed
    ));
    stage.world.set().pass(120_000_000);
    let ended = stage.resume();
    assert!(ended.is_done(), "{}", ended.word());
}
