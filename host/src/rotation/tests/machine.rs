//! The machine by itself: what follows from what, and what no row of events can bring about.

use proptest::prelude::*;

use super::stage::record;
use crate::rotation::machine::{Action, Event, MOST_TRIES, advance, next, take_up, tries_again};
use crate::rotation::{Drain, Kind, Pause, Phase, Record, Step};
use crate::sandbox::types::{FailureKind, Receipt, Workload};

use FailureKind::{Conflict, Denied, Missing, Rejected, Unavailable, Uncertain};

const STEPS: [Step; 14] = [
    Step::Plan,
    Step::Rehearse,
    Step::Drain,
    Step::Refresh,
    Step::Sent,
    Step::Write,
    Step::Verify,
    Step::Restart,
    Step::Observe,
    Step::Connect,
    Step::Unpause,
    Step::BackOut,
    Step::Done,
    Step::Refused,
];
const KINDS: [FailureKind; 6] = [Unavailable, Denied, Missing, Conflict, Rejected, Uncertain];

fn planned(paused: bool) -> Event {
    Event::Planned {
        fingerprint: "old".to_owned(),
        grants_tokens: true,
        paused,
    }
}

fn refreshed() -> Event {
    Event::Refreshed {
        fingerprint: "new".to_owned(),
        at: 1,
    }
}

fn receipt() -> Receipt {
    Receipt {
        location: "place".to_owned(),
        version: "7".to_owned(),
        compared: true,
    }
}

fn restarted() -> Event {
    Event::Restarted {
        workload: Workload {
            name: "service".to_owned(),
            marker: "8".to_owned(),
        },
        at: 2,
        window_us: Some(3),
    }
}

fn failed(kind: FailureKind) -> Event {
    Event::Failed {
        kind,
        message: "no".to_owned(),
    }
}

fn stopped() -> Event {
    Event::Stopped("no".to_owned())
}

fn events() -> Vec<Event> {
    let mut events = vec![
        planned(false),
        planned(true),
        Event::Rehearsed,
        Event::Pausing,
        Event::Drained,
        Event::Intended,
        refreshed(),
        Event::NotRefreshed("no".to_owned()),
        Event::Unanswered("no".to_owned()),
        Event::Written(receipt()),
        Event::Verified(receipt()),
        restarted(),
        Event::RolledOut { unseen: false },
        Event::RolledOut { unseen: true },
        Event::RolloutFailed("no".to_owned()),
        Event::Gone,
        Event::Away,
        Event::Connected,
        Event::Unpaused,
        stopped(),
    ];
    events.extend(KINDS.map(failed));
    events
}

fn at(step: Step, pause: Pause) -> Record {
    Record {
        step,
        pause,
        ..record(Drain::Pause, true)
    }
}

/// Where an event leads, when nothing is paused and when keyferry paused; `None`: nowhere.
fn leads(step: Step, event: &Event) -> Option<(Step, Step)> {
    use Step::*;
    let early = matches!(step, Plan | Rehearse | Drain | Refresh);
    let both = |step| Some((step, step));
    match (step, event) {
        (Plan, Event::Planned { .. }) => both(Rehearse),
        (Rehearse, Event::Rehearsed) => both(Drain),
        (Drain, Event::Drained) => both(Refresh),
        (Refresh, Event::Intended) => both(Sent),
        (Refresh | Sent, Event::Refreshed { .. }) => both(Write),
        (Sent, Event::NotRefreshed(_)) => Some((Refused, BackOut)),
        (_, Event::Failed { .. } | Event::Stopped(_) | Event::NotRefreshed(_)) if early => {
            Some((Refused, BackOut))
        }
        (
            Write,
            Event::Written(_)
            | Event::Failed {
                kind: Uncertain, ..
            },
        ) => both(Verify),
        (Verify, Event::Verified(_)) => both(Restart),
        (
            Verify,
            Event::Failed {
                kind: Conflict | Missing,
                ..
            },
        ) => both(Write),
        (Restart, Event::Restarted { .. }) => both(Observe),
        (Observe, Event::RolledOut { .. }) => both(Connect),
        (Observe, Event::RolloutFailed(_)) => both(Restart),
        // The records of this table hold no receipt that was compared.
        (Connect, Event::Away) => both(Write),
        (Connect, Event::Connected) => Some((Done, Unpause)),
        (Unpause, Event::Unpaused) => both(Done),
        (BackOut, Event::Unpaused) => both(Refused),
        _ => None,
    }
}

#[test]
fn every_event_at_every_step_leads_where_the_table_says() {
    for step in STEPS {
        for event in events() {
            let told = leads(step, &event);
            for (pause, expected) in [
                (Pause::No, told.map_or(step, |(free, _)| free)),
                (Pause::ByOthers, told.map_or(step, |(free, _)| free)),
                (Pause::ByUs, told.map_or(step, |(_, ours)| ours)),
            ] {
                if step == Step::BackOut && pause != Pause::ByUs {
                    continue;
                }
                let after = advance(&at(step, pause), event.clone());
                assert_eq!(after.step, expected, "{step:?} {pause:?} {event:?}");
            }
        }
    }
}

#[test]
fn what_is_refused_says_in_which_phase() {
    for (step, phase) in [
        (Step::Plan, Phase::Plan),
        (Step::Rehearse, Phase::Rehearse),
        (Step::Drain, Phase::Drain),
        (Step::Refresh, Phase::Refresh),
        (Step::Sent, Phase::Refresh),
    ] {
        let event = || match step {
            Step::Sent => Event::NotRefreshed("no".to_owned()),
            _ => stopped(),
        };
        let refused = advance(&at(step, Pause::No), event());
        assert_eq!((refused.step, refused.phase()), (Step::Refused, phase));
        let paused = advance(&at(step, Pause::ByUs), event());
        assert_eq!((paused.step, paused.phase()), (Step::BackOut, Phase::Drain));
        let refused = advance(&advance(&paused, stopped()), Event::Unpaused);
        assert_eq!((refused.step, refused.phase()), (Step::Refused, phase));
    }
}

#[test]
fn what_is_over_is_left_alone() {
    for step in [Step::Done, Step::Refused] {
        for event in events() {
            let record = at(step, Pause::No);
            assert_eq!(advance(&record, event), record);
        }
    }
}

#[test]
fn only_the_process_that_intends_may_send() {
    for step in STEPS {
        assert_ne!(next(&at(step, Pause::No), false), Action::Send);
        let sends = next(&at(step, Pause::No), true) == Action::Send;
        assert_eq!(sends, step == Step::Sent);
    }
}

#[test]
fn a_reconcile_and_a_refresh_without_rehearsal_go_straight_to_the_drain() {
    for (kind, rehearse) in [(Kind::Reconcile, true), (Kind::Refresh, false)] {
        let record = Record {
            kind,
            ..record(Drain::Wait, rehearse)
        };
        assert_eq!(advance(&record, planned(false)).step, Step::Drain);
    }
}

#[test]
fn two_writers_do_not_go_in_a_circle() {
    let mut record = at(Step::Write, Pause::No);
    let mut writes = 0;
    loop {
        writes += 1;
        record = advance(&record, Event::Written(receipt()));
        let again = tries_again(&record, Conflict);
        record = advance(&record, failed(Conflict));
        if !again {
            break;
        }
        assert!(writes < 100);
    }
    assert_eq!(writes, MOST_TRIES);
}

#[test]
fn writing_anew_takes_another_key_and_trying_again_does_not() {
    let first = at(Step::Write, Pause::No);
    assert_eq!(first.key(), first.attempt);
    for kind in [Unavailable, Uncertain, Denied, Rejected] {
        assert_eq!(advance(&first, failed(kind)).key(), first.key());
    }
    let second = advance(&at(Step::Verify, Pause::No), failed(Conflict));
    let third = advance(&first, failed(Conflict));
    let fourth = advance(&third, failed(Conflict));
    assert_eq!(second.key(), third.key(), "the same record, the same key");
    assert_ne!(second.key(), first.key());
    assert_ne!(fourth.key(), third.key());
    uuid::Uuid::parse_str(&fourth.key()).unwrap();
}

fn any_events() -> impl Strategy<Value = Vec<Event>> {
    // Towards the end more often than back: or few rows would come far.
    let forward = prop::sample::select(vec![
        planned(false),
        Event::Rehearsed,
        Event::Pausing,
        Event::Drained,
        Event::Intended,
        refreshed(),
        Event::Written(receipt()),
        Event::Verified(receipt()),
        restarted(),
        Event::RolledOut { unseen: true },
        Event::Connected,
        Event::Unpaused,
    ]);
    let any = prop::sample::select(events());
    prop::collection::vec(prop_oneof![6 => forward, 1 => any], 0..300)
}

/// A record as a row of events leaves it, with every step it came through.
fn story(drain: Drain, rehearse: bool, events: Vec<Event>) -> Vec<(Event, Record, Record)> {
    let mut record = record(drain, rehearse);
    let mut story = Vec::new();
    for event in events {
        let after = advance(&record, event.clone());
        story.push((event, record, after.clone()));
        record = after;
    }
    story
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_request_is_never_sent_twice(events in any_events(), rehearse: bool) {
        let mut sent = false;
        for (_, before, after) in story(Drain::Pause, rehearse, events) {
            let asks = matches!(next(&after, true), Action::Intend | Action::Plan | Action::Drain | Action::Rehearse);
            prop_assert!(!(sent && asks), "back to {:?}", after.step);
            prop_assert!(!sent || after.step != Step::Sent || before.step == Step::Sent);
            sent |= after.step == Step::Sent;
        }
    }

    #[test]
    fn done_comes_only_after_all_that_proves_it(events in any_events(), rehearse: bool) {
        let mut seen = Vec::new();
        for (event, before, after) in story(Drain::Pause, rehearse, events) {
            let counts = match event {
                Event::Refreshed { .. } => matches!(before.step, Step::Refresh | Step::Sent),
                Event::Written(_) | Event::Failed { kind: Uncertain, .. } => before.step == Step::Write,
                Event::Verified(_) => before.step == Step::Verify,
                Event::Restarted { .. } => before.step == Step::Restart,
                Event::RolledOut { .. } => before.step == Step::Observe,
                Event::Connected => before.step == Step::Connect,
                _ => false,
            };
            if counts {
                seen.push(before.step);
            }
            if after.step == Step::Done && before.step != Step::Done {
                let steps = [Step::Write, Step::Verify, Step::Restart, Step::Observe, Step::Connect];
                let last = steps.map(|step| seen.iter().rposition(|seen| *seen == step));
                prop_assert!(last[0].is_some() && last.is_sorted(), "{seen:?}");
            }
        }
    }

    #[test]
    fn a_refresh_that_happened_is_never_refused(events in any_events(), rehearse: bool) {
        let mut happened = false;
        for (_, _, after) in story(Drain::Pause, rehearse, events) {
            happened |= after.refreshed_at.is_some();
            prop_assert!(!happened || !matches!(after.step, Step::Refused | Step::BackOut));
        }
    }

    #[test]
    fn what_we_paused_is_resumed_before_it_is_over(events in any_events(), rehearse: bool) {
        for (_, before, after) in story(Drain::Pause, rehearse, events) {
            prop_assert!(!(after.is_over() && after.pause == Pause::ByUs));
            if before.pause == Pause::ByUs && after.pause != Pause::ByUs {
                prop_assert!(matches!(before.step, Step::Unpause | Step::BackOut));
                prop_assert!(after.is_over());
            }
        }
    }

    #[test]
    fn taking_up_twice_is_taking_up_once(events in any_events(), rehearse: bool) {
        for (_, _, record) in story(Drain::Pause, rehearse, events) {
            let once = take_up(&record);
            prop_assert_eq!(&take_up(&once), &once);
            prop_assert_ne!(next(&once, false), Action::Send);
            let asks = matches!(next(&once, false), Action::Plan | Action::Rehearse | Action::Drain | Action::Intend);
            prop_assert!(!asks, "taken up at {:?}", once.step);
            prop_assert_eq!(once.refreshed_at, record.refreshed_at);
        }
    }
}
