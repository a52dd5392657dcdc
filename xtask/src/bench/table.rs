//! The table as people read it.

use std::time::Duration;

use super::contender::Contender;
use super::sample::Samples;

/// What the columns mean, and how they came about.
pub const NOTES: &str = "\
wall: from the start of the process to its end, the median (and the shortest and longest) of all
rounds; the rows take turns. peak: the largest resident memory of any round, by wait4. window: from
the issuer's answer to the restart request as it comes in, the median; the issuer's stand-in and a
forwarder in front of moto tell it by one clock, and every row goes through that forwarder. journal:
what keyferry's own report says of the wall clock, with the state on disk. boto3 and awscli do no
more than PutSecretValue and UpdateService.";

/// One line a row.
pub fn of(rows: &[(Contender, Samples)]) -> String {
    let head = ["", "wall", "shortest-longest", "peak", "window", "journal"];
    let mut lines = vec![head.map(str::to_owned)];
    for (contender, samples) in rows {
        let spread = samples
            .spread()
            .map(|(shortest, longest)| format!("{} - {}", time(shortest), time(longest)));
        let peak = samples
            .peak()
            .map(|bytes| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)));
        lines.push([
            contender.name().to_owned(),
            samples.wall().map(time).unwrap_or_default(),
            spread.unwrap_or_default(),
            peak.unwrap_or_default(),
            samples.window().map(time).unwrap_or_default(),
            samples.journal().map(time).unwrap_or_default(),
        ]);
    }
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            lines
                .iter()
                .map(|line| line[column].len())
                .max()
                .unwrap_or_default()
        })
        .collect();
    let line = |cells: &[String; 6]| {
        let cells = cells.iter().zip(&widths).enumerate();
        let cells: Vec<String> = cells
            .map(|(index, (cell, width))| match index {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// In milliseconds, with as many digits as mean something.
pub fn time(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    match ms {
        100.0.. => format!("{ms:.0} ms"),
        _ => format!("{ms:.1} ms"),
    }
}
