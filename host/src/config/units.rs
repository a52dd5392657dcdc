//! Durations and sizes as people write them.

use std::time::Duration;

/// `90s`, `30m`, `1h30m`, `500ms`, `2d`; more than nothing.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut all = Duration::ZERO;
    while !rest.is_empty() {
        let (number, tail) = leading_number(rest)?;
        let letters = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let part = match unit {
            "ms" => Duration::from_millis(number),
            "s" => Duration::from_secs(number),
            "m" => Duration::from_secs(number.checked_mul(60)?),
            "h" => Duration::from_secs(number.checked_mul(60 * 60)?),
            "d" => Duration::from_secs(number.checked_mul(24 * 60 * 60)?),
            _ => return None,
        };
        all = all.checked_add(part)?;
        rest = tail.trim_start();
    }
    // Beyond a year it is a slip, and arithmetic on clocks may overflow.
    (!all.is_zero() && all <= Duration::from_secs(366 * 24 * 60 * 60)).then_some(all)
}

/// `512KiB`, `64MiB`, `1GiB`, in bytes; more than nothing.
pub(super) fn size(text: &str) -> Option<u64> {
    let (number, unit) = leading_number(text.trim())?;
    let factor = match unit {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor).filter(|size| *size > 0)
}

fn leading_number(text: &str) -> Option<(u64, &str)> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest.trim_start()))
}
