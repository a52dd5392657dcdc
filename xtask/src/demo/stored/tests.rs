use super::Stored;

const SECRET: &[&str] = &["client_secret", "db_password"];

fn stored(text: &str) -> Stored {
    Stored::new(text.to_owned(), SECRET).expect("an object")
}

#[test]
fn a_secret_is_never_shown_and_its_neighbours_are_as_they_stand() {
    let one = stored(r#"{"client_secret":"s\"1","ratio":1.10,"db_password":"p\u00e4ss"}"#);
    let shown = one.shown();
    assert!(
        !shown.contains("s\\\"1") && !shown.contains("00e4"),
        "{shown}"
    );
    assert!(shown.contains(r#""ratio":1.10"#), "{shown}");
    assert!(shown.contains("<sha256 "), "{shown}");
}

#[test]
fn a_change_is_seen_by_text_not_by_value() {
    let before = stored(r#"{"client_secret":"one","ratio":1.10}"#);
    let after = stored(r#"{"client_secret":"two","ratio":1.1}"#);
    assert_eq!(before.changed(&after), ["client_secret", "ratio"]);
    let lines = Stored::comparison(&before, &after).join("\n");
    assert!(!lines.contains("one") && !lines.contains("two"), "{lines}");
    assert!(!lines.contains("the same"), "{lines}");
}

#[test]
fn a_key_that_is_gone_is_a_change() {
    let before = stored(r#"{"client_secret":"one","port":5432}"#);
    let after = stored(r#"{"client_secret":"one"}"#);
    assert_eq!(before.changed(&after), ["port"]);
    let lines = Stored::comparison(&before, &after);
    assert!(lines[2].contains("(none)"), "{lines:?}");
    assert!(lines[1].contains("the same"), "{lines:?}");
}
