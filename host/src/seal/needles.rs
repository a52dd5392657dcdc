//! Many byte strings looked for in one pass. An answer has a dozen headers and a body, a call knows
//! a handful of values, a value has up to some hundred forms: a search for each form in each text
//! would take longer than the request.

use memchr::memmem;
use zeroize::Zeroizing;

/// How many of a needle's first bytes are looked at before the rest.
const BEGIN: usize = 4;
const FILTER_BITS: u32 = 14;

/// What is looked for. The longest comes first.
pub struct Needles {
    all: Vec<Zeroizing<Vec<u8>>>,
    /// How each begins, sorted, with its place in `all`. Those that are too short are not in it.
    begins: Zeroizing<Vec<(u32, u32)>>,
    /// A bit is set for how each begins, so that most places of a text are passed over at once.
    filter: Zeroizing<Vec<u64>>,
}

impl Needles {
    /// Of the distinct ones among `all`.
    pub fn new(mut all: Vec<Zeroizing<Vec<u8>>>) -> Self {
        all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        // At once as large as it will be: what a growing one leaves behind is not wiped.
        let mut begins = Zeroizing::new(Vec::with_capacity(all.len()));
        let long = (0u32..).zip(&all);
        begins.extend(long.filter_map(|(index, needle)| Some((begin(needle)?, index))));
        begins.sort_unstable();
        let mut filter = Zeroizing::new(Vec::new());
        if !begins.is_empty() {
            filter.resize(1 << (FILTER_BITS - 6), 0u64);
        }
        for (begin, _) in &*begins {
            let (word, bit) = place(*begin);
            filter[word] |= bit;
        }
        Self {
            all,
            begins,
            filter,
        }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Those that stand anywhere in `text`, the longest first.
    pub fn standing_in<'n>(&'n self, text: &[u8]) -> impl Iterator<Item = &'n [u8]> + use<'n> {
        let mut found = Vec::new();
        self.look(text, |index| {
            found.push(index);
            false
        });
        found.sort_unstable();
        found.into_iter().map(|index| self.all[index].as_slice())
    }

    /// Whether any stands in `text`.
    pub fn stand_in(&self, text: &[u8]) -> bool {
        let mut stands = false;
        self.look(text, |_| {
            stands = true;
            true
        });
        stands
    }

    /// Gives every needle that is met, once and in no order, until `enough` says so.
    fn look(&self, text: &[u8], mut enough: impl FnMut(usize) -> bool) {
        let short = self.all.iter().rposition(|needle| needle.len() >= BEGIN);
        for index in short.map_or(0, |last| last + 1)..self.all.len() {
            if memmem::find(text, &self.all[index]).is_some() && enough(index) {
                return;
            }
        }
        if self.begins.is_empty() {
            return;
        }
        // Each is looked for once, from where its beginning is first met: a text that repeats the
        // beginning of a long value would else be compared with it at every place.
        let mut decided = Vec::new();
        for (at, window) in text.windows(BEGIN).enumerate() {
            let Some(begin) = begin(window) else { return };
            let (word, bit) = place(begin);
            if self.filter[word] & bit == 0 {
                continue;
            }
            let first = self.begins.partition_point(|(other, _)| *other < begin);
            // The filter lets some through that none begins with.
            let same = self.begins[first..].iter();
            let mut same = same
                .take_while(|(other, _)| *other == begin)
                .map(|(_, index)| *index as usize)
                .peekable();
            if same.peek().is_none() {
                continue;
            }
            if decided.is_empty() {
                decided.resize(self.begins.len(), false);
            }
            if std::mem::replace(&mut decided[first], true) {
                continue;
            }
            for index in same {
                if memmem::find(&text[at..], &self.all[index]).is_some() && enough(index) {
                    return;
                }
            }
        }
    }
}

fn begin(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk::<BEGIN>().map(|b| u32::from_le_bytes(*b))
}

/// A word of the filter and a bit in it.
fn place(begin: u32) -> (usize, u64) {
    let hash = begin.wrapping_mul(0x9e37_79b1) >> (u32::BITS - FILTER_BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}

#[cfg(test)]
mod tests;
