use std::time::Duration;

use super::{Micro, figures};

const SAID: &str = "\
running 0 tests

test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

Timer precision: 20 ns
sandbox                    fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ fresh_store_and_one_call  41.2 µs       │ 90.1 µs       │ 45.5 µs       │ 46.1 µs       │ 100     │ 100
╰─ component_from_the_cache    0.8 ms        │ 1.2 ms        │ 0.9 ms        │ 0.95 ms       │ 100     │ 100
";

#[test]
fn medians_are_found_by_name() {
    let micro = Micro {
        shown: figures(SAID),
    };
    assert_eq!(
        micro.median("fresh_store_and_one_call"),
        Some(Duration::from_nanos(45_500))
    );
    assert_eq!(
        micro.median("component_from_the_cache"),
        Some(Duration::from_micros(900))
    );
    assert_eq!(micro.median("fresh"), None);
    assert_eq!(micro.median("nothing"), None);
}

#[test]
fn only_the_table_is_shown() {
    let shown = figures(SAID);
    assert_eq!(shown.lines().count(), 3, "{shown}");
    assert!(!shown.contains("test result"), "{shown}");
}
