use proptest::prelude::*;

use super::{View, once};
use crate::seal::{KnownSecret, Seal};
use crate::secret::SecretString;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(once(bytes).map_or_else(|| bytes.to_vec(), |undone| undone.to_vec())).unwrap()
}

#[test]
fn every_escape_has_one_meaning_and_anything_else_is_itself() {
    for (escaped, meaning) in [
        (r#"\"\\\/\'"#, r#""\/'"#),
        (r"\u0041\x42\n\t", "AB\n\t"),
        (r"\ud83d\ude00", "\u{1f600}"),
        ("%41%c3%a9", "Aé"),
        ("&amp;&lt;&gt;&quot;&apos;&#39;&#x2F;", "&<>\"''/"),
        ("a\r\n   b\n\tc", "abc"),
        ("a\0b\0", "ab"),
        (
            r"\q \ud83d \u12 %4 %zz & &; &nosuch; &#; &#x; &#99999999999;",
            r"\q \ud83d \u12 %4 %zz & &; &nosuch; &#; &#x; &#99999999999;",
        ),
        (r"\", r"\"),
        ("%", "%"),
        ("&", "&"),
    ] {
        assert_eq!(text(escaped.as_bytes()), meaning, "{escaped:?}");
    }
}

#[test]
fn a_view_knows_where_its_bytes_stood() {
    let bytes = br#"x\u0041%42&#67;d"#;
    let view = View::plain(bytes).deeper().unwrap();
    assert_eq!(&**view.bytes, b"xABCd");
    let (start, end) = view.origin(1, 4);
    assert_eq!(&bytes[start..end], br"\u0041%42&#67;");
    assert!(view.deeper().is_none());
}

/// One character in one of the ways in which servers write it.
fn escaped(character: char, way: u8) -> String {
    let mut buffer = [0; 4];
    match way {
        0 => character
            .encode_utf16(&mut [0; 2])
            .iter()
            .map(|unit| format!("\\u{unit:04X}"))
            .collect(),
        1 => character
            .encode_utf8(&mut buffer)
            .bytes()
            .map(|byte| format!("%{byte:02x}"))
            .collect(),
        2 => format!("&#{};", u32::from(character)),
        _ if character.is_ascii_alphanumeric() => character.to_string(),
        _ => format!("&#x{:X};", u32::from(character)),
    }
}

proptest! {
    #[test]
    fn any_mixture_of_escapes_is_found_and_comes_back_as_it_was(
        value in "[ -~é\u{20ac}\u{1f600}]{6,30}",
        ways in proptest::collection::vec(0u8..6, 240),
        layers in 1usize..=2,
    ) {
        let mut ways = ways.into_iter().cycle();
        let mut written = value.clone();
        for _ in 0..layers {
            written = written.chars().map(|c| escaped(c, ways.next().unwrap())).collect();
        }
        let body = format!("before|{written}|after");
        let mut seal = Seal::new(Vec::new());
        seal.know(KnownSecret::new(&SecretString::new(value)));
        let seen = seal.seal(body.as_bytes(), &[]);
        let token = "before||after".len() + "kfseal".len() + 32 + 5;
        prop_assert_eq!(seen.len(), token, "{}", String::from_utf8_lossy(&seen));
        prop_assert_eq!(&**seal.unseal(&seen).unwrap(), body.as_bytes());
    }
}
