use super::{Difference, difference, one_value_differs, shown};

#[test]
fn a_changed_line_is_told_from_a_changed_shape() {
    assert_eq!(
        difference("a\nb\nc\n", "a\nB\nc\n"),
        Difference::Lines(vec![2])
    );
    assert_eq!(difference("a\n", "a\r\n"), Difference::Lines(vec![1]));
    assert_eq!(difference("a\n", "a\n"), Difference::Lines(vec![]));
    assert_eq!(difference("a\nb\n", "a\nb"), Difference::Lines(vec![2]));
    assert_eq!(difference("a\n", "a\nb\n"), Difference::Shape);
}

#[test]
fn what_is_quoted_is_never_shown() {
    let lines = shown(
        "f",
        "k: 1\ns: \"on\\\"e\"  # why\n",
        "k: 1\ns: \"two\"  # why\n",
    )
    .join("\n");
    assert!(!lines.contains("on\\") && !lines.contains("two"), "{lines}");
    assert!(lines.contains("@@ -2 +2 @@"), "{lines}");
    assert!(lines.contains("-s: \"<sha256 "), "{lines}");
    assert!(lines.contains(">\"  # why"), "{lines}");
    assert!(!lines.contains("k: 1"), "{lines}");
}

#[test]
fn a_line_without_quotes_is_hidden_as_a_whole() {
    let lines = shown("f", "s: one\n", "s: 'two\"\n").join("\n");
    assert!(!lines.contains("one") && !lines.contains("two"), "{lines}");
}

#[test]
fn one_value_is_not_two_and_not_its_key() {
    let before = "a: \"1\"  # one\nb: \"2\"\n";
    assert!(one_value_differs(before, "a: \"x\"  # one\nb: \"2\"\n"));
    for after in [
        before,
        "a: \"x\"  # one\nb: \"x\"\n",
        "c: \"x\"  # one\nb: \"2\"\n",
        "a: \"x\"\nb: \"2\"\n",
        "a: x\nb: \"2\"\n",
        "a: \"x\"  # one\nb: \"2\"",
        "b: \"2\"\n",
    ] {
        assert!(!one_value_differs(before, after), "{after}");
    }
}
