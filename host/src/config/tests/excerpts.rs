//! What an error shows of the file, and what it never shows.

use super::*;

fn rendered(text: &str) -> String {
    mistake(text).to_string()
}

#[test]
fn an_unknown_key() {
    let text = [ISSUER, PLUGIN, RUNNER, "conect_timeout = \"5m\" # soon\n"].concat();
    assert_eq!(
        rendered(&text),
        "/etc/keyferry/keyferry.toml:10:1: unknown key `conect_timeout` in [runners.etl]
   |
10 | conect_timeout = … # soon
   | ^^^^^^^^^^^^^^
did you mean `connect_timeout`? accepted here: `id`, `runner`, `plugin`, `drain`, `drain_timeout`, \
`rehearse`, `rollout_timeout`, `connect_timeout`, `auth`, `settings`"
    );
}

#[test]
fn a_wrong_value() {
    assert_eq!(
        rendered("[matillion]\nregion = \"eu2\"\n"),
        "/etc/keyferry/keyferry.toml:2:10: `matillion.region` is no region
  |
2 | region = \"eu2\"
  |          ^^^^^
did you mean `eu1`? accepted here: `eu1`, `us1`, `au1`"
    );
}

#[test]
fn a_value_beside_others() {
    let line =
        "matillion = { client_secret = \"canary\", region = \"ü2\", client_id = \"canary\" }";
    assert_eq!(
        rendered(line),
        "/etc/keyferry/keyferry.toml:1:50: `matillion.region` is no region
  |
1 | matillion = { client_secret = …, region = \"ü2\", client_id = … }
  |                                           ^^^^
accepted here: `eu1`, `us1`, `au1`"
    );
}

#[test]
fn a_secret_in_the_file() {
    assert_eq!(
        rendered("[matillion]\nregion = \"eu1\"\nclient_id = \"a\"\nclient_secret = \"canary\"\n"),
        "/etc/keyferry/keyferry.toml:4:17: `matillion.client_secret` may not stand in this file
  |
4 | client_secret = …
  |                 ^
write client_secret = { env = \"NAME\" }, { file = \"path\" } or { command = [\"program\", \"argument\"] }"
    );
}

#[test]
fn a_syntax_error() {
    let text = rendered("[matillion]\nclient_secret = \"canary\n");
    assert!(
        text.starts_with("/etc/keyferry/keyferry.toml:2:24: this is not TOML: "),
        "{text}"
    );
    assert!(text.contains("\n2 | client_secret = …\n"), "{text}");
    let text = rendered("[matillion]\nregion = eu1\n");
    assert!(
        text.contains("\n2 | region = eu1\n  |          ^\n"),
        "{text}"
    );
}

#[test]
fn no_mistake_shows_a_secret() {
    let before = "[matillion]\nregion = \"eu1\"\nclient_id = \"a\"\n";
    let lines = [
        "client_secret = \"canary\"",
        "client_secret = 'canary'",
        "client_secret = \"\"\"\ncanary\n\"\"\"",
        "client_secret = [\"canary\"]",
        "client_secret = { env = \"canary-x\" }",
        "client_secret = { env = \"A\", value = \"canary\" }",
        "client_secret = { env = \"A\", file = \"canary\" }",
        "client_secret = { env = [\"canary\"] }",
        "client_secert = \"canary\"",
        "password = { a = [1, \"canary\"] }",
        "client_secret = canary",
        "client_secret = \"canary",
        "client_secret = \"canary\" \"x\"",
        "client_secret \"canary\"",
        "client_secret = \"\"\"\ncanary\\q\n\"\"\"",
        "\"canary",
        "canary",
        "client_secret = { env = \"A\" }\nclient_secret = \"canary\"",
        "client_secret = { env = \"A\" }\n[journal]\nrecipients = [\"AGE-SECRET-KEY-canary\"]",
        "client_secret = { env = \"A\" }\nbase_url = \"https://user:canary@example.org\"",
    ];
    for line in lines {
        let found = mistake(&format!("{before}{line}\n"));
        assert!(!format!("{found} {found:?}").contains("canary"), "{found}");
    }
    let addresses = "[matillion]\nclient_id = \"a\"\ntoken_url = \"https://a\"\nclient_secret = { env = \"A\" }\n";
    for url in [
        "https://user:canary@example.org",
        "https://user:canary@",
        "http://a:canary@b.example",
    ] {
        let found = mistake(&format!("{addresses}base_url = \"{url}\"\n"));
        assert!(!format!("{found} {found:?}").contains("canary"), "{found}");
    }
}
