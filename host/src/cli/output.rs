//! Results on standard output, and times as people read them.

use std::io::Write as _;
use std::time::Duration;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Prints a result for programs.
pub fn json(value: &Value) {
    text(&format!("{value:#}"));
}

/// Prints a result for people. A reader that went away is no error.
pub fn text(text: &str) {
    let _ = std::io::stdout().write_all(format!("{text}\n").as_bytes());
}

/// A moment in RFC 3339, whole seconds, UTC.
pub fn moment(unix_ms: i64) -> String {
    OffsetDateTime::from_unix_timestamp(unix_ms / 1000)
        .ok()
        .and_then(|moment| moment.format(&Rfc3339).ok())
        .unwrap_or_else(|| unix_ms.to_string())
}

/// How long ago a moment is.
pub fn age(unix_ms: i64) -> String {
    let now = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    let past = u64::try_from(now - i128::from(unix_ms)).unwrap_or(0);
    match past {
        0..1000 => "just now".to_owned(),
        _ => format!(
            "{} ago",
            super::watch::duration(Duration::from_millis(past / 1000 * 1000))
        ),
    }
}

/// Lines up columns by the widest cell of each.
pub fn table(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            format!(
                "{cell}{}",
                " ".repeat(width(column).saturating_sub(cell.chars().count()))
            )
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
