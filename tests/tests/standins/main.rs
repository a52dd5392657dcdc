//! The stand-ins are believed by every other test, so they are tested themselves: the documented
//! behaviour, and each fault once.

mod aws;
mod ecs;
mod issuer;
mod issuer_faults;
mod process;
mod together;

use std::time::{Duration, Instant};

/// Waits until `condition` holds.
///
/// # Panics
/// After five seconds.
fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(5);
    while !condition() {
        assert!(Instant::now() < end, "{what}: never");
        std::thread::sleep(Duration::from_millis(2));
    }
}
