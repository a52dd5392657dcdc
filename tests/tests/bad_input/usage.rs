//! Wrong use of the command line.

use keyferry_tests::world::World;

#[test]
fn wrong_use_ends_with_two_and_the_usage() {
    let world = World::new(&[]);
    for arguments in [
        ["refersh", "etl-prod"].as_slice(),
        &["refresh"],
        &["refresh", "etl-prod", "--yess"],
        &["refresh", "etl-prod", "extra"],
        &["status", "--output", "xml"],
        &["history", "--limit", "many"],
        &["completions", "cmd"],
        &["--config"],
        &["plugins"],
        &[],
    ] {
        let outcome = world.run(arguments);
        assert_eq!(outcome.code, Some(2), "{arguments:?}: {}", outcome.stderr);
        let helpful = ["Usage: keyferry", "--help"]
            .iter()
            .any(|part| outcome.stderr.contains(part));
        assert!(helpful, "{arguments:?}: {}", outcome.stderr);
        assert!(outcome.stdout.is_empty(), "{arguments:?}");
    }
    world.assert_untouched();
}

#[test]
fn a_near_miss_is_told_the_word() {
    let world = World::new(&[]);
    let outcome = world.run(&["refersh", "etl-prod"]);
    assert!(outcome.stderr.contains("'refresh'"), "{}", outcome.stderr);
}

#[test]
fn help_and_version_are_no_errors() {
    let world = World::new(&[]);
    for arguments in [
        ["--help"].as_slice(),
        &["--version"],
        &["refresh", "--help"],
        &["help"],
    ] {
        let outcome = world.run(arguments);
        assert_eq!(outcome.code, Some(0), "{arguments:?}");
        assert!(
            !outcome.stdout.is_empty() && outcome.stderr.is_empty(),
            "{arguments:?}"
        );
    }
    let help = world.run(&["--help"]).stdout;
    for line in [
        "10  whether the refresh happened is not known",
        "6   another keyferry",
    ] {
        assert!(help.contains(line), "{line} in {help}");
    }
}
