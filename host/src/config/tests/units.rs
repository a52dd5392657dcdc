//! Durations and sizes.

use std::time::Duration;

use crate::config::units::{duration, size};

#[test]
fn durations() {
    let table = [
        ("90s", Some(90_000)),
        ("30m", Some(1_800_000)),
        ("1h30m", Some(5_400_000)),
        (" 1 h 30 m ", Some(5_400_000)),
        ("500ms", Some(500)),
        ("2d", Some(172_800_000)),
        ("0s", None),
        ("", None),
        ("30", None),
        ("s", None),
        ("-5s", None),
        ("1.5h", None),
        ("5min", None),
        ("5M", None),
        ("367d", None),
        ("99999999999999999999s", None),
        ("9999999999999999999h", None),
    ];
    for (text, millis) in table {
        assert_eq!(duration(text), millis.map(Duration::from_millis), "{text}");
    }
}

#[test]
fn sizes() {
    let table = [
        ("512KiB", Some(512 << 10)),
        ("64 MiB", Some(64 << 20)),
        ("1GiB", Some(1 << 30)),
        ("0MiB", None),
        ("64MB", None),
        ("64", None),
        ("MiB", None),
        ("", None),
        ("99999999999999GiB", None),
    ];
    for (text, bytes) in table {
        assert_eq!(size(text), bytes, "{text}");
    }
}
