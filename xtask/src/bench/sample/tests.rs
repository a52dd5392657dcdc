use std::time::Duration;

use super::{Sample, Samples};
use crate::bench::measure::Usage;

fn samples(walls: &[u64]) -> Samples {
    let mut samples = Samples::default();
    for wall in walls {
        samples.add(Sample {
            usage: Usage {
                wall: Duration::from_millis(*wall),
                peak: *wall,
            },
            window: (*wall > 5).then(|| Duration::from_millis(*wall)),
            journal: Some(Duration::from_millis(1)),
        });
    }
    samples
}

#[test]
fn the_median_does_not_care_for_one_slow_run() {
    let samples = samples(&[9, 3, 1000, 7, 5]);
    assert_eq!(samples.wall(), Some(Duration::from_millis(7)));
    assert_eq!(
        samples.wall_without_journal(),
        Some(Duration::from_millis(6))
    );
    assert_eq!(samples.peak(), Some(1000));
    assert_eq!(
        samples.spread(),
        Some((Duration::from_millis(3), Duration::from_millis(1000)))
    );
}

#[test]
fn a_window_counts_only_where_it_was_seen() {
    assert_eq!(
        samples(&[1, 2, 6, 8]).window(),
        Some(Duration::from_millis(6))
    );
    assert_eq!(samples(&[1, 2]).window(), None);
}

#[test]
fn without_a_run_there_is_no_figure() {
    let none = samples(&[]);
    assert!(none.wall().is_none() && none.peak().is_none() && none.spread().is_none());
}
