//! Sees to it that the native program sends what keyferry sends: a comparison with less would
//! flatter whoever sends less.

use anyhow::{Result, ensure};

use super::contender::{Contender, Programs};
use super::world::World;

/// Runs both once, with and without the rehearsal; an error where the native program's requests
/// are not keyferry's.
pub fn compare(world: &World, programs: &Programs) -> Result<()> {
    for (ours, native) in [
        (Contender::Keyferry, Contender::Native),
        (Contender::KeyferryBare, Contender::NativeBare),
    ] {
        let ours_sent = world.requests(programs, ours)?;
        let native_sent = world.requests(programs, native)?;
        for (server, a, b) in [
            ("moto", &ours_sent.aws, &native_sent.aws),
            ("the issuer", &ours_sent.issuer, &native_sent.issuer),
        ] {
            ensure!(
                same(a, b),
                "{} and the native program differ in what they ask {server} for:\n  {}\n  {}",
                ours.name(),
                a.join(", "),
                b.join(", "),
            );
        }
        println!(
            "{}: {} requests to moto, {} to the issuer; the native program sends the same",
            ours.name(),
            ours_sent.aws.len(),
            ours_sent.issuer.len()
        );
    }
    Ok(())
}

/// The same requests. Some are under way at the same time, so their order may differ.
fn same(a: &[String], b: &[String]) -> bool {
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort();
        list
    };
    sorted(a) == sorted(b)
}
