use super::SecretString;

#[test]
fn secrets_compare_by_content() {
    let table = [
        ("", "", true),
        ("abc", "abc", true),
        ("abc", "abd", false),
        ("abc", "xbc", false),
        ("abc", "abcd", false),
        ("abcd", "abc", false),
        ("é", "é", true),
        ("é", "è", false),
    ];
    for (left, right, same) in table {
        let (left, right) = (
            SecretString::new(left.to_owned()),
            SecretString::new(right.to_owned()),
        );
        assert_eq!(left.same_as(&right), same);
        assert_eq!(right.same_as(&left), same);
    }
}

#[test]
fn a_clone_outlives_its_original() {
    let original = SecretString::new("s\"ecret\\".to_owned());
    let copy = original.clone();
    drop(original);
    assert_eq!(copy.expose(), "s\"ecret\\");
}
