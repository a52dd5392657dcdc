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
