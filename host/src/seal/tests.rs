use proptest::prelude::*;

use super::*;
use crate::secret::SecretString;

const AWKWARD: &str = "s3cr3t-\"\\'$x{{y}}#&é%/+ -z";

fn seal_with(value: &str) -> (Seal, ValueId) {
    let mut seal = Seal::new(vec!["client-1".into()]);
    let id = seal.know(KnownSecret::new(&SecretString::new(value.into())));
    (seal, id)
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    memmem::find(haystack, needle.as_bytes()).is_some()
}

/// The compositions that a token may ask for.
fn compositions() -> Vec<Vec<Encoding>> {
    let mut all: Vec<Vec<Encoding>> = vec![vec![]];
    let mut last = all.clone();
    for _ in 0..MOST_ENCODINGS {
        last = last
            .iter()
            .flat_map(|start| {
                Encoding::ALL.map(|next| {
                    let mut longer = start.clone();
                    longer.push(next);
                    longer
                })
            })
            .filter(|encodings| forms::allowed(encodings))
            .collect();
        all.extend(last.iter().cloned());
    }
    all
}

fn pointers(list: &[&str]) -> Vec<Vec<Segment>> {
    list.iter()
        .map(|pointer| parse_pointer(pointer).unwrap())
        .collect()
}

#[test]
fn every_composition_goes_out_and_comes_back() {
    for value in [
        AWKWARD,
        "plainsecret",
        "someone's",
        "a/b+c=d?",
        "back\\slash",
    ] {
        for encodings in compositions() {
            let (mut seal, id) = seal_with(value);
            let token = seal.token(id, &encodings).unwrap();
            assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            let sent = seal.unseal(format!("a {token} b").as_bytes()).unwrap();
            let expected = apply_all(value, &encodings);
            assert!(holds(&sent, &expected), "{encodings:?}");
            let back = seal.seal(&sent, &[]);
            assert!(!holds(&back, &expected), "{encodings:?}");
            assert_eq!(*seal.unseal(&back).unwrap(), *sent, "{encodings:?}");
        }
    }
}

#[test]
fn a_fresh_seal_finds_what_another_call_wrote() {
    for encodings in compositions() {
        let stored = apply_all(AWKWARD, &encodings);
        let (mut seal, _) = seal_with(AWKWARD);
        let seen = seal.seal(format!("<{}>", *stored).as_bytes(), &[]);
        assert!(!holds(&seen, &stored), "{encodings:?}");
        assert!(
            seen.len() < 60,
            "{encodings:?}: {}",
            String::from_utf8_lossy(&seen)
        );
    }
}

#[test]
fn escapes_of_other_serializers_are_found() {
    let unusual: String = AWKWARD
        .chars()
        .map(|c| format!("\\u{:04x}", c as u32))
        .collect();
    let nested = serde_json::to_string(&format!("{{\"a\":\"{unusual}\"}}")).unwrap();
    for body in [
        format!("{{\"a\":\"{unusual}\"}}"),
        format!("{{\"a\":{nested}}}"),
        format!("{{\"{unusual}\":1}}"),
        format!(
            "[\"x\",[\"{}\"]]",
            AWKWARD
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('/', "\\/")
        ),
    ] {
        let (mut seal, id) = seal_with(AWKWARD);
        let seen = seal.seal(body.as_bytes(), &[]);
        assert!(!holds(&seen, "s3cr3t") && !holds(&seen, "0073"), "{body}");
        let token = format!("{}00000", seal.mark);
        assert!(holds(&seen, &seal.mark) && seal.matches(id, &token));
    }
}

#[test]
fn base64_of_a_longer_text_is_found() {
    use base64::Engine as _;
    for before in ["", "i", "id", "id:"] {
        for after in ["", "x", "yz"] {
            let text = format!("{before}{AWKWARD}{after}");
            for engine in [
                &base64::engine::general_purpose::STANDARD,
                &base64::engine::general_purpose::URL_SAFE_NO_PAD,
            ] {
                let (mut seal, _) = seal_with(AWKWARD);
                let body = engine.encode(&text);
                let seen = seal.seal(body.as_bytes(), &[]);
                assert!(holds(&seen, &seal.mark), "{before}|{after}");
                let left = seen.len() - seal.token_length();
                assert!(
                    left <= 12,
                    "{left} characters of base64 left around the token"
                );
            }
        }
    }
}

#[test]
fn neighbours_are_sealed_by_place_and_come_out_byte_for_byte() {
    let inner = r#"{ "client_id" : "client-1", "client_secret":"old\/one" , "n": 1.50, "deep":{"a":[1, 2]}, "é":"ü", "none":null}"#;
    let body = format!(
        "{{\"Name\":\"x\",\"SecretString\":{} }}",
        serde_json::to_string(inner).unwrap()
    );
    let (mut seal, id) = seal_with(AWKWARD);
    let seen = seal.seal(
        body.as_bytes(),
        &pointers(&["/SecretString/#/*", "/SecretString"]),
    );
    let seen_text = std::str::from_utf8(&seen).unwrap();
    for hidden in ["old", "1.50", "[1, 2]", "ü"] {
        assert!(!seen_text.contains(hidden), "{hidden}");
    }
    let outer: serde_json::Value = serde_json::from_str(seen_text).unwrap();
    let stored: serde_json::Value =
        serde_json::from_str(outer["SecretString"].as_str().unwrap()).unwrap();
    assert_eq!(stored["client_id"], "client-1");
    assert!(!seal.matches(id, stored["client_secret"].as_str().unwrap()));
    assert_eq!(*seal.unseal(&seen).unwrap(), body.as_bytes());

    let rewritten =
        serde_json::to_string(&serde_json::json!({"SecretString": stored.to_string()})).unwrap();
    let sent = seal.unseal(rewritten.as_bytes()).unwrap();
    let outer: serde_json::Value = serde_json::from_slice(&sent).unwrap();
    let value: serde_json::Value =
        serde_json::from_str(outer["SecretString"].as_str().unwrap()).unwrap();
    assert_eq!(
        value,
        serde_json::from_str::<serde_json::Value>(inner).unwrap()
    );
    assert!(outer["SecretString"].as_str().unwrap().contains("1.50"));
}

#[test]
fn a_plain_string_is_sealed_whole() {
    let (mut seal, _) = seal_with(AWKWARD);
    let seen = seal.seal(
        br#"{"SecretString":"just text"}"#,
        &pointers(&["/SecretString/#/*", "/SecretString"]),
    );
    assert!(!holds(&seen, "just text"));
    assert_eq!(
        *seal.unseal(&seen).unwrap(),
        br#"{"SecretString":"just text"}"#
    );
}

#[test]
fn damaged_and_foreign_tokens() {
    let (mut seal, id) = seal_with(AWKWARD);
    let token = seal.token(id, &[]).unwrap();
    let (other, _) = seal_with(AWKWARD);
    assert_eq!(*other.unseal(token.as_bytes()).unwrap(), token.as_bytes());
    assert!(!other.matches(ValueId(0), &token));
    assert!(seal.matches(id, &token));
    assert!(!seal.matches(id, AWKWARD) && !seal.matches(id, &token[..token.len() - 1]));
    assert!(!seal.matches(id, &format!("{token}0")));
    let damaged = format!("{}99999", seal.mark);
    assert!(matches!(
        seal.unseal(damaged.as_bytes()),
        Err(SealError::UnknownToken)
    ));
    assert!(matches!(
        seal.unseal(seal.mark.as_bytes()),
        Err(SealError::UnknownToken)
    ));
    assert!(seal.token(id, &[Encoding::Json; 4]).is_err());
    assert!(
        seal.token(id, &[Encoding::Base64, Encoding::Base64])
            .is_err()
    );
}

#[test]
fn a_token_in_disguise_is_not_passed_over() {
    use base64::Engine as _;
    let (mut seal, id) = seal_with(AWKWARD);
    let token = seal.token(id, &[]).unwrap();
    let hidden = base64::engine::general_purpose::STANDARD.encode(format!("x{token}"));
    let escaped = format!("\\u006b{}", &token[1..]);
    for text in [hidden, escaped] {
        let sent = seal.unseal(text.as_bytes());
        assert!(matches!(sent, Err(SealError::DisguisedToken)), "{text}");
    }
}

#[test]
fn a_pattern_holds_exactly_one_token() {
    let (mut seal, id) = seal_with(AWKWARD);
    let token = seal.token(id, &[Encoding::Sql]).unwrap();
    let pattern = "SET SECRET_STRING = '{token}'";
    assert!(seal.is_one_token_in(&format!("SET SECRET_STRING = '{token}'"), pattern));
    for other in [
        format!("SET SECRET_STRING = '{token}{token}'"),
        "SET SECRET_STRING = ''".into(),
        format!("SET SECRET_STRING = '{token}' ; DROP"),
    ] {
        assert!(!seal.is_one_token_in(&other, pattern), "{other}");
    }
}

/// A neighbour's value of digits stands in tokens too; they must not be torn by it.
#[test]
fn short_values_of_digits_leave_tokens_whole() {
    let mut seal = Seal::new(vec![]);
    let body = br#"{"a":"000000","b":"zeros 000000","c":"another-value"}"#;
    let seen = seal.seal(body, &pointers(&["/a", "/c"]));
    for _ in 0..200 {
        let mut other = Seal::new(vec![]);
        let sealed = other.seal(body, &pointers(&["/a", "/c"]));
        assert!(!holds(&sealed, "zeros 000000"));
        assert_eq!(*other.unseal(&sealed).unwrap(), body);
        assert_eq!(sealed.len(), seen.len());
    }
}

#[test]
fn numbers_of_tokens_run_out_without_showing_anything() {
    let list: Vec<String> = (0..MOST_SLOTS + 10)
        .map(|n| format!("\"n{n:07}\""))
        .collect();
    let body = format!("[{}]", list.join(","));
    let mut seal = Seal::new(vec![]);
    let seen = seal.seal(body.as_bytes(), &pointers(&["/*"]));
    assert!(!holds(&seen, "n0"), "a field is readable");
    assert!(matches!(seal.unseal(&seen), Err(SealError::UnknownToken)));
}

#[test]
fn what_people_read_holds_neither_values_nor_tokens() {
    let (mut seal, id) = seal_with(AWKWARD);
    let token = seal.token(id, &[]).unwrap();
    let shown = seal.redact(&format!("{AWKWARD} and {token}."));
    assert_eq!(shown, "[secret] and [secret].");
}

proptest! {
    #[test]
    fn any_value_in_any_json_is_sealed(value in "[ -~é\u{2028}\n\t]{6,40}", before in "[a-z]{0,9}") {
        let (mut seal, _) = seal_with(&value);
        let inner = serde_json::json!({ "k": format!("{before}{value}"), "l": value }).to_string();
        let body = serde_json::json!({ "s": inner, "v": [value] }).to_string();
        let seen = seal.seal(body.as_bytes(), &[]);
        let parsed: serde_json::Value = serde_json::from_slice(&seen).unwrap();
        prop_assert!(!parsed.to_string().contains(&value) || value.chars().all(|c| c.is_ascii_alphanumeric()));
        prop_assert!(parsed["v"][0].as_str().unwrap().starts_with(&seal.mark));
        prop_assert_eq!(&*seal.unseal(&seen).unwrap(), body.as_bytes());
    }

    #[test]
    fn fields_round_trip(name in "[a-zé]{1,6}", value in "\\PC{0,20}", number in any::<f64>()) {
        prop_assume!(number.is_finite());
        let inner = serde_json::json!({ name.clone(): value, "number": number, "t": [true] }).to_string();
        let body = serde_json::json!({ "s": inner }).to_string();
        let (mut seal, _) = seal_with(AWKWARD);
        let seen = seal.seal(body.as_bytes(), &pointers(&["/s/#/*"]));
        prop_assert_eq!(&*seal.unseal(&seen).unwrap(), body.as_bytes());
    }
}

#[test]
fn a_huge_neighbour_is_hidden_and_leaves_room_for_others() {
    let (mut seal, _) = seal_with(AWKWARD);
    let huge = "n\u{fc}\"'".repeat(40_000);
    let body = serde_json::json!({ "k": [huge, "a-small-one"], "text": "a-small-one" });
    let sealed = seal.seal(body.to_string().as_bytes(), &pointers(&["/k/*"]));
    assert!(sealed.len() < 1_000);
    assert!(!holds(&sealed, "a-small-one"));
    let back: serde_json::Value = serde_json::from_slice(&seal.unseal(&sealed).unwrap()).unwrap();
    assert!(back == body);
    assert_eq!(seal.neighbour_bytes, "a-small-one".len());
}
