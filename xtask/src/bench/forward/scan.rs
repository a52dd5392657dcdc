//! Finds the `x-amz-target` headers in what goes by, wherever the chunks are cut.

const HEADER: &[u8] = b"\nx-amz-target:";
/// Longer than any header line that is looked for.
const LONGEST: usize = 256;

/// What is kept of the stream between two chunks.
#[derive(Default)]
pub struct Scan {
    tail: Vec<u8>,
}

impl Scan {
    /// The operations whose header ends in this chunk.
    pub fn more(&mut self, chunk: &[u8]) -> Vec<String> {
        self.tail.extend_from_slice(chunk);
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(start) = self.find(from) {
            let value = start + HEADER.len();
            let Some(length) = self.tail[value..].iter().position(|byte| *byte == b'\r') else {
                break;
            };
            let text = String::from_utf8_lossy(&self.tail[value..value + length]);
            let text = text.trim();
            found.push(text.rsplit('.').next().unwrap_or(text).to_owned());
            from = value + length;
        }
        let keep = from.max(self.tail.len().saturating_sub(LONGEST));
        self.tail.drain(..keep);
        found
    }

    fn find(&self, from: usize) -> Option<usize> {
        let windows = self.tail[from..].windows(HEADER.len());
        let mut matches = windows.map(|window| window.eq_ignore_ascii_case(HEADER));
        matches.position(|is| is).map(|at| from + at)
    }
}

#[cfg(test)]
mod tests;
