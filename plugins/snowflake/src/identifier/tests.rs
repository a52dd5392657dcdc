use super::parts;

#[test]
fn a_name_is_read_as_snowflake_lists_it() {
    for (name, expected) in [
        ("app.Secrets.oauth_1", ["APP", "SECRETS", "OAUTH_1"]),
        (
            r#"APP.SECRETS."My Secret""#,
            ["APP", "SECRETS", "My Secret"],
        ),
        (r#""a.b"."c""d"."e""""#, ["a.b", "c\"d", "e\""]),
        (r#""'; drop".x$1."é""#, ["'; drop", "X$1", "é"]),
    ] {
        assert_eq!(parts(name), expected, "{name}");
    }
}
