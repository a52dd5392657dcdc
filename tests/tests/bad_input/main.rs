//! What people get wrong: each is told in a sentence that says what to do, ends with the right
//! code, and changes nothing.

mod component;
mod config;
mod environment;
mod issuer;
mod lock;
mod usage;

use keyferry_tests::process::Config;
use keyferry_tests::world::{RUNNER, World};

/// A world whose config is `change`d before the first command.
fn wrong(change: impl FnOnce(Config) -> Config) -> World {
    World::with(|_| {}, &[], change)
}

/// A change of the config's text.
fn text(from: &str, to: &str) -> impl FnOnce(Config) -> Config {
    move |config| {
        assert!(config.text().contains(from), "{from} is in the config");
        let text = config.text().replace(from, to);
        config.replaced(&text)
    }
}

/// Asserts that `refresh` ends with this code, says all of this, and changes nothing.
fn refused(world: &World, code: i32, says: &[&str]) {
    world.refresh().expect(code).says(says);
    world.assert_untouched();
    let plan = world.json(&["plan", RUNNER]).expect(code);
    plan.says(says);
    world.assert_untouched();
}
