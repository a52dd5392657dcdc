use super::{Count, matters};

const GOOD: &str = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.10s";
const BAD: &str = "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s";

#[test]
fn closing_lines_add_up() {
    let mut count = Count::default();
    for line in [GOOD, "test a ... FAILED", BAD, "99 passed; 99 failed"] {
        count.line(line);
    }
    assert_eq!(
        count,
        Count {
            passed: 14,
            failed: 3,
            ignored: 1
        }
    );
    assert_eq!(count.to_string(), "14 passed, 3 failed, 1 ignored");
}

#[test]
fn nothing_counted_is_said_plainly() {
    assert_eq!(Count::default().to_string(), "0 passed, 0 failed");
}

#[test]
fn failures_are_shown_and_passes_are_not() {
    for quiet in ["test a::b ... ok", "running 12 tests", "running 1 test", ""] {
        assert!(!matters(quiet), "{quiet}");
    }
    for loud in [
        "test a::b ... FAILED",
        "---- a::b stdout ----",
        "thread 'a::b' panicked at src/lib.rs:1:1:",
        GOOD,
        BAD,
    ] {
        assert!(matters(loud), "{loud}");
    }
}
