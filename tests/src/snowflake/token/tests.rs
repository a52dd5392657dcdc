use super::{Token, tokens};

fn literal(text: &str) -> Option<String> {
    match tokens(text)?.pop() {
        Some(Token::Literal(inside)) => Some(inside),
        _ => None,
    }
}

#[test]
fn a_literal_is_read_as_the_manual_says() {
    for (text, inside) in [
        ("''", ""),
        ("'it''s'", "it's"),
        (r"'it\'s'", "it's"),
        (r"'a\\b'", r"a\b"),
        (r"'a\\''b'", r"a\'b"),
        (r"'\b\f\n\r\t'", "\u{8}\u{c}\n\r\t"),
        (r"'\0|\101|\60'", "\0|A|0"),
        (r"'\x41\u00e9'", "Aé"),
        (r"'\%\_\q'", "%_q"),
        ("'new\nline \"é\" ;--'", "new\nline \"é\" ;--"),
    ] {
        assert_eq!(literal(text).as_deref(), Some(inside), "{text}");
    }
    for open in [
        "'", "'a", "'a''", r"'a\'", r"'\", r"'\xg0'", "\"a", "\"a\"\"",
    ] {
        assert!(tokens(open).is_none(), "{open}");
    }
}

#[test]
fn names_and_marks_are_told_apart() {
    let expected = [
        Token::Plain("A_1$".to_owned()),
        Token::Mark('.'),
        Token::Quoted("b \"c\"".to_owned()),
        Token::Mark(';'),
    ];
    assert!(tokens("a_1$ .\"b \"\"c\"\"\" ;").is_some_and(|all| all == expected));
}
