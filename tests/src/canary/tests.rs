//! Each form is found, and what only resembles a secret is not.

use super::*;

const SECRET: &str = "s-\"\\'$x{{y}}#&é%/+ 😀 end";

#[test]
fn every_form_is_found_inside_other_text() {
    for (name, form) in forms(SECRET) {
        let around = [b"before ".as_slice(), &form, b" after"].concat();
        assert!(find(&around, SECRET).is_some(), "{name} was not found");
    }
}

#[test]
fn base64_is_found_at_every_offset_of_something_longer() {
    for before in ["", "a", "ab", "abc", "abcd"] {
        let whole = STANDARD_NO_PAD.encode(format!("{before}{SECRET}{before}"));
        assert_eq!(
            find(whole.as_bytes(), SECRET),
            Some("base64"),
            "after {before:?}"
        );
    }
}

#[test]
fn a_form_nobody_thought_of_is_found_by_the_plain_part() {
    let secret = "\"\"5b0e8a3c-77a1-4f6e-9d5e-2d1f0c9b8a76''";
    let odd = b"<x>&quot;&quot;5b0e8a3c-77a1-4f6e-9d5e-2d1f0c9b8a76&apos;</x>";
    assert_eq!(find(odd, secret), Some("part of it"));
}

#[test]
fn clean_output_passes() {
    assert_no_canary(&[("stdout", b"s-\"\\'$x{{y}} is almost it")], &[SECRET]);
}

#[test]
#[should_panic(expected = "secret number 0 stands in stdout, in the form raw")]
fn a_find_names_place_and_form() {
    let output = format!("oops {SECRET}");
    assert_no_canary(&[("stdout", output.as_bytes())], &[SECRET]);
}
