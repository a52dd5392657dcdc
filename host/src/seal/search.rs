//! Finding known values in bytes from outside, as they are and under layers of escapes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use memchr::memmem;
use zeroize::Zeroizing;

use super::decoded::{self, View};
use super::{KnownSecret, Seal, ValueId};

/// Where a value stands.
struct Span {
    start: usize,
    end: usize,
    value: ValueId,
}

impl Seal {
    /// Puts tokens in the place of every known value.
    pub(super) fn seal_known(&mut self, bytes: &mut Zeroizing<Vec<u8>>) {
        for index in 0..self.values.len() {
            let known = std::sync::Arc::clone(&self.values[index]);
            // A token that is put in makes no form stand where none did.
            for form in known.forms.standing_in(bytes) {
                let spans: Vec<Span> = memmem::find_iter(bytes, form)
                    .map(|start| Span {
                        start,
                        end: start + form.len(),
                        value: ValueId(index),
                    })
                    .collect();
                self.put_tokens(bytes, spans);
            }
        }
        let mut layer = decoded::once(bytes);
        for depth in 1..=decoded::DEEPEST {
            let Some(undone) = layer else { return };
            let stands = |known: &std::sync::Arc<KnownSecret>| known.undone.stand_in(&undone);
            layer = match self.values.iter().any(stands) {
                false => decoded::once(&undone),
                true => {
                    self.seal_undone(bytes, depth);
                    (0..=depth).try_fold(Zeroizing::new(bytes.to_vec()), |layer, _| {
                        decoded::once(&layer)
                    })
                }
            };
        }
    }

    /// As `seal_known`, where so many layers of escapes are undone.
    fn seal_undone(&mut self, bytes: &mut Zeroizing<Vec<u8>>, depth: usize) {
        let mut view = View::plain(bytes);
        for _ in 0..depth {
            let Some(deeper) = view.deeper() else {
                return;
            };
            view = deeper;
        }
        let mut spans = Vec::new();
        for (index, known) in self.values.iter().enumerate() {
            for form in known.undone.standing_in(&view.bytes) {
                spans.extend(memmem::find_iter(&view.bytes, form).map(|at| {
                    let (start, end) = view.origin(at, at + form.len());
                    Span {
                        start,
                        end,
                        value: ValueId(index),
                    }
                }));
            }
        }
        self.put_tokens(bytes, spans);
    }

    fn put_tokens(&mut self, bytes: &mut Zeroizing<Vec<u8>>, mut spans: Vec<Span>) {
        if spans.is_empty() {
            return;
        }
        // A short value may be found in the digits of a token; a token is nobody's secret.
        let length = self.token_length();
        let tokens: Vec<usize> = memmem::find_iter(bytes, self.mark.as_bytes()).collect();
        spans.retain(|span| {
            let after = tokens.partition_point(|at| at + length <= span.start);
            tokens.get(after).is_none_or(|at| *at >= span.end)
        });
        spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        let mut out = Zeroizing::new(Vec::with_capacity(bytes.len() + 64 * spans.len()));
        let mut done = 0;
        let mut spans = spans.into_iter().peekable();
        while let Some(mut span) = spans.next() {
            while let Some(next) = spans.next_if(|next| next.start < span.end) {
                span.end = span.end.max(next.end);
            }
            out.extend_from_slice(&bytes[done..span.start]);
            let covered = Zeroizing::new(bytes[span.start..span.end].to_vec());
            let token = self.mint(span.value, covered, false);
            out.extend_from_slice(token.as_bytes());
            done = span.end;
        }
        out.extend_from_slice(&bytes[done..]);
        *bytes = out;
    }
}

/// Whether `word` stands in `bytes` as it is or under escapes.
pub fn holds_undone(bytes: &[u8], word: &[u8]) -> bool {
    let mut layer = Zeroizing::new(bytes.to_vec());
    for _ in 0..=decoded::DEEPEST {
        if memmem::find(&layer, word).is_some() {
            return true;
        }
        let Some(next) = decoded::once(&layer) else {
            return false;
        };
        layer = next;
    }
    false
}

/// Whether `mark` stands in `bytes` under escapes or in base64.
pub(super) fn disguised(bytes: &[u8], mark: &[u8]) -> bool {
    let coded = |bytes: &[u8]| {
        (0..3).any(|shift: usize| {
            let padded = [&[0; 2][..shift], mark].concat();
            let text = STANDARD_NO_PAD.encode(&padded);
            let (start, end) = ((shift * 8).div_ceil(6), padded.len() * 8 / 6);
            memmem::find(bytes, &text.as_bytes()[start..end]).is_some()
        })
    };
    if coded(bytes) {
        return true;
    }
    let count = |bytes: &[u8]| memmem::find_iter(bytes, mark).count();
    let plain = count(bytes);
    let mut layer = Zeroizing::new(bytes.to_vec());
    for _ in 0..decoded::DEEPEST {
        let Some(next) = decoded::once(&layer) else {
            return false;
        };
        if count(&next) > plain || coded(&next) {
            return true;
        }
        layer = next;
    }
    false
}
