//! The figures of one row.

use std::time::Duration;

use super::measure::Usage;

/// One run.
#[derive(Clone, Copy)]
pub struct Sample {
    /// What the process used.
    pub usage: Usage,
    /// From the issuer's answer to the restart request, where both were seen.
    pub window: Option<Duration>,
    /// What its journal took of the wall clock, where it has one and says so.
    pub journal: Option<Duration>,
}

/// All runs of a row.
#[derive(Default)]
pub struct Samples(Vec<Sample>);

impl Samples {
    /// Adds a run.
    pub fn add(&mut self, sample: Sample) {
        self.0.push(sample);
    }

    /// The median of the wall clock.
    pub fn wall(&self) -> Option<Duration> {
        middle(self.0.iter().map(|sample| sample.usage.wall).collect())
    }

    /// The shortest and the longest.
    pub fn spread(&self) -> Option<(Duration, Duration)> {
        let walls = || self.0.iter().map(|sample| sample.usage.wall);
        Some((walls().min()?, walls().max()?))
    }

    /// The median of the window.
    pub fn window(&self) -> Option<Duration> {
        middle(self.0.iter().filter_map(|sample| sample.window).collect())
    }

    /// The median of the journal's share.
    pub fn journal(&self) -> Option<Duration> {
        middle(self.0.iter().filter_map(|sample| sample.journal).collect())
    }

    /// The median of the wall clock without the journal's share.
    pub fn wall_without_journal(&self) -> Option<Duration> {
        let without = self.0.iter().map(|sample| {
            sample
                .usage
                .wall
                .saturating_sub(sample.journal.unwrap_or_default())
        });
        middle(without.collect())
    }

    /// The largest peak of memory, in bytes.
    pub fn peak(&self) -> Option<u64> {
        self.0.iter().map(|sample| sample.usage.peak).max()
    }
}

/// The median; of an even number the lower one of the two in the middle.
fn middle(mut all: Vec<Duration>) -> Option<Duration> {
    all.sort_unstable();
    let index = all.len().checked_sub(1)? / 2;
    all.get(index).copied()
}

#[cfg(test)]
mod tests;
