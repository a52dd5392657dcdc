//! What was to be reached, and whether it was.

use std::time::Duration;

use super::contender::Contender;
use super::micro::Micro;
use super::sample::Samples;
use super::table::time;

/// A line per target.
pub fn judge(rows: &[(Contender, Samples)], micro: Option<&Micro>) -> Vec<String> {
    let of = |wanted: Contender| {
        let row = rows.iter().find(|(contender, _)| *contender == wanted);
        row.map(|(_, samples)| samples)
    };
    let wall = |contender| of(contender).and_then(Samples::wall);
    let window = |contender| of(contender).and_then(Samples::window);
    let (ours, native) = (Contender::KeyferryBare, Contender::NativeBare);
    let mut lines = vec![
        at_most(
            "window, against native's",
            window(Contender::Keyferry),
            window(Contender::Native),
            1.2,
        ),
        at_most(
            "whole without rehearsal and journal, against native's",
            of(ours).and_then(Samples::wall_without_journal),
            wall(native),
            1.3,
        ),
        at_least(
            "boto3's two calls, against the whole refresh",
            wall(Contender::Boto),
            wall(Contender::Keyferry),
            3.0,
        ),
    ];
    let peak = of(Contender::Keyferry).and_then(Samples::peak);
    let mebibytes = peak.map(|bytes| bytes as f64 / f64::from(1 << 20));
    lines.push(verdict(
        "peak memory",
        mebibytes.map(|mib| (mib <= 35.0, format!("{mib:.1} MiB"))),
        "at most 35 MiB",
    ));
    lines.push(below(
        "keyferry --help",
        wall(Contender::Help),
        Duration::from_millis(10),
    ));
    let figures = [
        (
            "a fresh store with one call",
            "fresh_store_and_one_call",
            Duration::from_micros(100),
        ),
        (
            "a component ready from the cache",
            "component_from_the_cache",
            Duration::from_millis(1),
        ),
    ];
    for (what, name, limit) in figures {
        lines.push(below(
            what,
            micro.and_then(|micro| micro.median(name)),
            limit,
        ));
    }
    lines.push(share(
        "the rehearsal",
        wall(Contender::Keyferry),
        wall(ours),
    ));
    lines
}

fn at_most(what: &str, a: Option<Duration>, b: Option<Duration>, limit: f64) -> String {
    let ratio = ratio(a, b).map(|(ratio, shown)| (ratio <= limit, shown));
    verdict(what, ratio, &format!("at most {limit} times"))
}

fn at_least(what: &str, a: Option<Duration>, b: Option<Duration>, limit: f64) -> String {
    let ratio = ratio(a, b).map(|(ratio, shown)| (ratio >= limit, shown));
    verdict(what, ratio, &format!("at least {limit} times"))
}

fn ratio(a: Option<Duration>, b: Option<Duration>) -> Option<(f64, String)> {
    let (a, b) = (a?, b?);
    let ratio = a.as_secs_f64() / b.as_secs_f64();
    Some((
        ratio,
        format!("{ratio:.2} times ({} / {})", time(a), time(b)),
    ))
}

fn below(what: &str, figure: Option<Duration>, limit: Duration) -> String {
    let judged = figure.map(|figure| (figure < limit, format!("{figure:.1?}")));
    verdict(what, judged, &format!("under {limit:?}"))
}

fn verdict(what: &str, judged: Option<(bool, String)>, limit: &str) -> String {
    match judged {
        Some((true, shown)) => format!("  reached   {what}: {shown}, to be {limit}"),
        Some((false, shown)) => format!("  MISSED    {what}: {shown}, to be {limit}"),
        None => format!("  unknown   {what}: not measured, to be {limit}"),
    }
}

fn share(what: &str, with: Option<Duration>, without: Option<Duration>) -> String {
    match with.zip(without) {
        Some((with, without)) => {
            format!("  (share)   {what}: {}", time(with.saturating_sub(without)))
        }
        None => format!("  (share)   {what}: not measured"),
    }
}

#[cfg(test)]
mod tests;
