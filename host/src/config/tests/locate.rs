//! Which file and which folder, by flag, variable, place and custom.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::ConfigError;
use crate::config::locate::{find_in, state_dir_in};

fn env<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
    move |name| {
        let found = set.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| OsString::from(value))
    }
}

#[test]
fn the_config_is_looked_for_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path().join("here");
    let home = folder.path().join("home");
    let own = home.join(".config/keyferry/keyferry.toml");
    fs::create_dir_all(&here).expect("made");
    fs::create_dir_all(own.parent().expect("a parent")).expect("made");
    let home_text = home.to_str().expect("text");
    let vars = [("HOME", home_text), ("XDG_CONFIG_HOME", "relative")];

    let nothing = find_in(None, env(&vars), &here).expect_err("there is none");
    let text = nothing.to_string();
    let ConfigError::NotFound { looked } = nothing else {
        panic!("another error: {text}");
    };
    assert_eq!(looked, [here.join("keyferry.toml"), own.clone()]);
    assert!(text.contains("keyferry init") && text.contains(own.to_str().expect("text")));

    fs::write(&own, "").expect("written");
    assert_eq!(find_in(None, env(&vars), &here).expect("found"), own);
    let local = here.join("keyferry.toml");
    fs::write(&local, "").expect("written");
    assert_eq!(find_in(None, env(&vars), &here).expect("found"), local);

    let set = [("KEYFERRY_CONFIG", "/named.toml"), ("HOME", home_text)];
    assert_eq!(
        find_in(None, env(&set), &here).expect("found"),
        PathBuf::from("/named.toml")
    );
    let explicit = Path::new("explicit.toml");
    assert_eq!(
        find_in(Some(explicit), env(&set), &here).expect("found"),
        explicit
    );
    let empty = [("KEYFERRY_CONFIG", "")];
    assert_eq!(find_in(None, env(&empty), &here).expect("found"), local);
}

#[test]
fn the_state_has_a_place() {
    type Case<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);
    let table: [Case<'_>; 6] = [
        (&[("KEYFERRY_STATE_DIR", "/s"), ("HOME", "/h")], Some("/s")),
        (
            &[("XDG_STATE_HOME", "/x"), ("HOME", "/h")],
            Some("/x/keyferry"),
        ),
        (
            &[("XDG_STATE_HOME", "x"), ("HOME", "/h")],
            Some("/h/.local/state/keyferry"),
        ),
        (&[("HOME", "/h")], Some("/h/.local/state/keyferry")),
        (&[("HOME", "")], None),
        (&[], None),
    ];
    for (set, expected) in table {
        assert_eq!(
            state_dir_in(None, env(set)).ok(),
            expected.map(PathBuf::from)
        );
        let explicit = Path::new("e");
        assert_eq!(
            state_dir_in(Some(explicit), env(set)).expect("a place"),
            explicit
        );
    }
}
