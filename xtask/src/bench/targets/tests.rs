use std::time::Duration;

use super::{at_least, at_most, below};

const fn ms(ms: u64) -> Option<Duration> {
    Some(Duration::from_millis(ms))
}

#[test]
fn a_limit_is_reached_or_missed_or_not_known() {
    assert!(at_most("a", ms(12), ms(10), 1.2).contains("reached"));
    assert!(at_most("a", ms(13), ms(10), 1.2).contains("MISSED"));
    assert!(at_least("a", ms(30), ms(10), 3.0).contains("reached"));
    assert!(at_least("a", ms(29), ms(10), 3.0).contains("MISSED"));
    assert!(below("a", ms(9), Duration::from_millis(10)).contains("reached"));
    assert!(below("a", ms(10), Duration::from_millis(10)).contains("MISSED"));
    for unknown in [
        at_most("a", None, ms(1), 1.0),
        at_least("a", ms(1), None, 1.0),
        below("a", None, Duration::ZERO),
    ] {
        assert!(unknown.contains("unknown"), "{unknown}");
    }
}
