use proptest::prelude::*;

use super::*;

fn needles(all: &[Vec<u8>]) -> Needles {
    Needles::new(all.iter().cloned().map(Zeroizing::new).collect())
}

proptest! {
    /// Against one search for each.
    #[test]
    fn the_same_are_found_as_by_one_search_for_each(
        all in prop::collection::vec("[ab%]{1,7}", 0..40),
        text in "[ab%]{0,60}",
    ) {
        let all: Vec<Vec<u8>> = all.into_iter().map(String::into_bytes).collect();
        let mut expected: Vec<&[u8]> = all
            .iter()
            .map(Vec::as_slice)
            .filter(|needle| memmem::find(text.as_bytes(), needle).is_some())
            .collect();
        expected.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        expected.dedup();
        let needles = needles(&all);
        let found: Vec<&[u8]> = needles.standing_in(text.as_bytes()).collect();
        prop_assert_eq!(needles.stand_in(text.as_bytes()), !expected.is_empty());
        prop_assert_eq!(found, expected);
    }
}

/// So many that the filter passes much that none begins with.
#[test]
fn what_the_filter_passes_in_error_hides_nothing() {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let all: Vec<Vec<u8>> = (0..6_000)
        .map(|_| (0..5).map(|_| next()).collect())
        .collect();
    let mut text: Vec<u8> = (0..20_000).map(|_| next()).collect();
    all.iter().step_by(3).for_each(|one| text.extend(one));
    let needles = needles(&all);
    let found: Vec<&[u8]> = needles.standing_in(&text).collect();
    let expected: Vec<&[u8]> = needles
        .all
        .iter()
        .map(|needle| needle.as_slice())
        .filter(|needle| memmem::find(&text, needle).is_some())
        .collect();
    assert!(expected.len() >= 2_000);
    assert_eq!(found, expected);
}

/// Compared at every place, this would take hours.
#[test]
fn a_text_that_repeats_how_long_values_begin_is_passed_once() {
    let long = "a".repeat(1 << 20);
    let all: Vec<Vec<u8>> = (0..26u8)
        .map(|tail| format!("{long}{tail}").into_bytes())
        .collect();
    let text = format!("{}7", "a".repeat(4 << 20));
    let needles = needles(&all);
    let found: Vec<&[u8]> = needles.standing_in(text.as_bytes()).collect();
    assert_eq!(found, [&all[7]]);
}

#[test]
fn the_ends_of_a_text_belong_to_it() {
    let all = needles(&[b"begin".to_vec(), b"finis".to_vec(), b"abc".to_vec()]);
    for text in ["begin", "a finis", "begin finis", "xabc"] {
        assert!(all.stand_in(text.as_bytes()), "{text}");
    }
    for text in ["", "b", "beg", "egin", "fini", "ab", "begi finifinix"] {
        assert!(!all.stand_in(text.as_bytes()), "{text}");
    }
    assert!(!needles(&[]).stand_in(b"anything"));
}
