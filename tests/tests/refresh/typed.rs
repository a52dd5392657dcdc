//! What a person types on a terminal, and what a script may not leave out.

use keyferry_tests::world::{RUNNER, World};

#[test]
fn without_a_terminal_the_word_is_said_in_advance() {
    let world = World::approved(&[]);
    let outcome = world.run(&["refresh", RUNNER]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("--yes"), "{}", outcome.stderr);
    world.assert_untouched();
}

#[test]
fn on_a_terminal_the_plan_is_shown_and_the_word_is_typed() {
    let world = World::approved(&[]);
    let typing = |arguments: &[&str], words: &str| {
        let run = world
            .workspace
            .keyferry(arguments)
            .expect("a built program");
        run.typing(words).finish().expect("it ends")
    };
    for other in ["yes\n", "\n", "refres\n", "REFRESH\n"] {
        let outcome = typing(&["refresh", RUNNER], other);
        assert_eq!(outcome.code, Some(3), "{other}: {}", outcome.stderr);
        world.assert_untouched();
    }
    let outcome = typing(&["refresh", RUNNER], "refresh\n");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    for part in ["Plan for etl-prod", "will be revoked at once"] {
        let said = outcome.stdout.contains(part) || outcome.stderr.contains(part);
        assert!(said, "{part}");
    }
    world.assert_whole(1);
}

#[test]
fn an_approval_is_typed_too() {
    let world = World::new(&[]);
    let typing = |words: &str| {
        let run = world.workspace.keyferry(&["plugins", "approve", "aws-ecs"]);
        run.expect("a built program")
            .typing(words)
            .finish()
            .expect("it ends")
    };
    let lock = world.workspace.path().join("keyferry.lock");
    let refused = typing("no\n");
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(!lock.exists());
    for part in [
        "secretsmanager.{region}.amazonaws.com",
        "CARRIES THE SECRET",
    ] {
        assert!(
            refused.stderr.contains(part),
            "{part} in {}",
            refused.stderr
        );
    }
    let approved = typing("yes\n");
    assert_eq!(approved.code, Some(0), "{}", approved.stderr);
    assert!(lock.exists());
    let again = typing("no\n");
    assert_eq!(
        again.code,
        Some(0),
        "nothing is left to approve: {}",
        again.stderr
    );
}
