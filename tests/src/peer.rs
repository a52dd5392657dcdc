//! Real peers that a machine may lack. Locally a test without its peer says so and ends; where
//! `CI` is `true` it fails, so that nobody believes in a test that never ran.

/// Says that `peer` can't be had and why; the test then returns.
///
/// # Panics
/// Where the environment variable `CI` is `true`.
pub fn peer_unavailable(peer: &str, why: impl std::fmt::Display) {
    let required = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(
        !required,
        "the peer {peer} is required here and can't be had: {why}"
    );
    // Straight to the terminal: the test harness swallows what `eprintln!` prints in a passing test.
    use std::io::Write;
    let line = format!("SKIPPED: {peer} can't be had: {why}\n");
    let shown = std::io::stderr().write_all(line.as_bytes());
    drop(shown);
}
