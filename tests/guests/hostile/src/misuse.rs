//! Ways to use up what one call has.

use std::hint::black_box;

/// Never ends.
pub fn spin() -> ! {
    let mut count = 0u64;
    loop {
        count = black_box(count).wrapping_add(1);
    }
}

/// Takes memory until there is no more, then fails as Rust does.
pub fn grow() -> ! {
    let mut all = Vec::new();
    loop {
        all.push(black_box(vec![1u8; 1 << 20]));
    }
}

/// Goes ever deeper.
#[allow(unconditional_recursion)]
pub fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    frame[7] + recurse(depth + 1)
}

/// A body of this length.
pub fn filled(length: usize) -> Vec<u8> {
    vec![b'x'; length]
}
