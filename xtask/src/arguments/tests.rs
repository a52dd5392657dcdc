use super::{Chore, Wrong, parse};
use crate::demo::Sink;

fn words(line: &str) -> Result<Chore, Wrong> {
    parse(line.split_whitespace().map(Into::into))
}

fn wrong(line: &str) -> String {
    match words(line) {
        Ok(_) => panic!("`{line}` was understood"),
        Err(Wrong(what)) => what,
    }
}

#[test]
fn the_demo_takes_its_options_in_both_spellings() {
    for line in [
        "demo --sink aws --kill-in-write",
        "demo --kill-in-write --sink=aws",
    ] {
        let Ok(Chore::Demo(options)) = words(line) else {
            panic!("`{line}` is a demo");
        };
        assert!(options.kill_in_write);
        assert_eq!(options.sink, Sink::Aws);
    }
}

#[test]
fn the_demo_knows_every_place() {
    for (name, sink) in [
        ("aws", Sink::Aws),
        ("azure", Sink::Azure),
        ("helm", Sink::Helm),
        ("snowflake", Sink::Snowflake),
    ] {
        let Ok(Chore::Demo(options)) = words(&format!("demo --sink {name}")) else {
            panic!("`{name}` is a place");
        };
        assert_eq!(options.sink, sink);
    }
    assert!(wrong("demo --sink mars").contains("aws, azure, helm, snowflake"));
}

#[test]
fn rounds_are_a_number_above_nought() {
    let Ok(Chore::Bench(options)) = words("bench --rounds 3") else {
        panic!("a benchmark");
    };
    assert_eq!(options.rounds, 3);
    assert!(wrong("bench --rounds 0").contains("`0`"));
    assert!(wrong("bench --rounds many").contains("`many`"));
    assert!(wrong("bench --rounds").contains("wants a value"));
}

#[test]
fn what_is_not_understood_is_named() {
    assert!(wrong("").contains("which chore"));
    assert!(wrong("sing").contains("`sing`"));
    assert!(wrong("test loudly").contains("`loudly`"));
    assert!(wrong("demo --sink mars").contains("`mars`"));
    assert!(wrong("demo --quick").contains("`--quick`"));
}

#[test]
fn help_is_found_anywhere() {
    assert!(matches!(words("demo --help"), Ok(Chore::Help)));
}
