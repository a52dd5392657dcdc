//! Each fault of a refresh: what the caller sees, and whether the deed was done.

use std::time::{Duration, Instant};

use keyferry_tests::issuer::{Endpoint, Fault};

use crate::eventually;
use crate::issuer::{Caller, with_runner};

#[test]
fn a_fault_of_a_refresh_is_before_or_after_the_deed() {
    // What the caller sees: a status, or no answer.
    let cases = [
        (Fault::RequestLost, None, 0),
        (Fault::ErrorBefore(500), Some(500), 0),
        (Fault::TooManyRequests(3), Some(429), 0),
        (Fault::Unauthorized, Some(401), 0),
        (Fault::AnswerLost, None, 1),
        (Fault::AnswerCut, None, 1),
        (Fault::ErrorAfter(500), Some(500), 1),
        (Fault::Garbage, Some(200), 1),
        (Fault::EmptySecret, Some(200), 1),
        (Fault::NewClientId, Some(200), 1),
    ];
    for (fault, status, refreshes) in cases {
        let (issuer, id, old) = with_runner();
        let caller = Caller::new(&issuer);
        issuer.fail(Endpoint::RefreshCredential, fault);
        let answer = caller.refresh(&id);
        assert_eq!(
            answer.as_ref().ok().map(|answer| answer.status),
            status,
            "{fault:?}"
        );
        assert_eq!(issuer.refreshes(&id), refreshes, "{fault:?}");
        assert_eq!(issuer.credential(&id) == old, refreshes == 0, "{fault:?}");
        let json = answer
            .ok()
            .and_then(|answer| answer.json().ok())
            .unwrap_or_default();
        match fault {
            Fault::EmptySecret => assert_eq!(json["clientSecret"], ""),
            Fault::Garbage => assert!(json.is_null()),
            Fault::NewClientId => {
                assert_ne!(json["clientId"], old.client_id.as_str());
                assert_eq!(json["clientId"], issuer.credential(&id).client_id);
            }
            _ => assert!(json["clientSecret"].is_null(), "{fault:?}"),
        }
    }
}

#[test]
fn retry_after_is_told() {
    let (issuer, id, _) = with_runner();
    issuer.fail(Endpoint::GetCredential, Fault::TooManyRequests(3));
    let answer = Caller::new(&issuer).get(&format!("agents/{id}/credentials"));
    assert_eq!(answer.header("retry-after"), Some("3"));
}

#[test]
fn a_slow_answer_comes_long_after_the_deed() {
    let (issuer, id, _) = with_runner();
    issuer.fail(
        Endpoint::RefreshCredential,
        Fault::Slow(Duration::from_millis(1000)),
    );
    let caller = Caller::new(&issuer);
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| (caller.refresh(&id), Instant::now()));
        eventually("the deed is done", || issuer.refreshes(&id) == 1);
        let done = Instant::now();
        let (answer, answered) = answer.join().expect("no panic");
        assert_eq!(answer.expect("an answer").status, 200);
        assert!(answered - done > Duration::from_millis(200));
    });
}

#[test]
fn a_runner_may_come_back_late_or_never() {
    let (issuer, id, _) = with_runner();
    issuer.configure(|behaviour| behaviour.connect_delay = Duration::from_millis(400));
    let live = issuer.refresh_behind(&id);
    eventually("it is cut off", || !issuer.runner(&id).connected);
    issuer.runner_started_with(&id, &live.client_id, &live.client_secret);
    std::thread::sleep(Duration::from_millis(50));
    assert!(!issuer.runner(&id).connected);
    eventually("it is back", || issuer.runner(&id).connected);

    issuer.configure(|behaviour| behaviour.never_connects = true);
    let live = issuer.refresh_behind(&id);
    eventually("it is cut off again", || !issuer.runner(&id).connected);
    issuer.runner_started_with(&id, &live.client_id, &live.client_secret);
    std::thread::sleep(Duration::from_millis(500));
    assert!(!issuer.runner(&id).connected);
}

#[test]
fn a_token_can_be_made_to_expire() {
    let (issuer, id, _) = with_runner();
    let caller = Caller::new(&issuer);
    issuer.expire_tokens();
    assert_eq!(caller.get(&format!("agents/{id}")).status, 401);
}
