//! One table from one run on one moto: keyferry, a native program that sends the very same requests
//! without sandbox, journal or policy, and boto3 and awscli doing only the two calls that matter.

mod contender;
mod forward;
pub mod measure;
mod micro;
mod requests;
mod sample;
mod table;
mod targets;
mod world;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::build::{self, Profile};
use crate::guests;
use contender::{Contender, Programs};
use sample::Samples;
use world::World;

/// What the benchmark can be told.
pub struct Options {
    /// How often each row is measured.
    pub rounds: usize,
    /// Which builds: a debug one shows only that everything works.
    pub profile: Profile,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rounds: 15,
            profile: Profile::Release,
        }
    }
}

/// Builds, measures, prints.
pub fn run(root: &Path, options: Options) -> Result<()> {
    let profile = options.profile;
    println!("building ({profile}; some minutes, the first time ten or more)");
    guests::build_sinks(root)?;
    let mut cargo = build::cargo(root, "build");
    cargo.args(["--package", "keyferry", "--package", "xtask", "--bins"]);
    cargo
        .args(["--features", "xtask/native"])
        .args(profile.flag());
    build::run(&mut cargo, "the build")?;
    let programs = Programs {
        keyferry: build::built(profile, "keyferry")?,
        native: build::built(profile, "native-refresh")?,
        measure: build::built(profile, "xtask")?,
    };
    println!("starting moto and the issuer's stand-in");
    let world = World::start(root, &programs)?;
    requests::compare(&world, &programs)?;

    println!(
        "measuring, {} rounds, every row once a round",
        options.rounds
    );
    let mut samples: Vec<(Contender, Samples)> = world
        .contenders()
        .into_iter()
        .map(|contender| (contender, Samples::default()))
        .collect();
    for _ in 0..options.rounds {
        for (contender, samples) in &mut samples {
            let sample = world.measure(&programs, *contender);
            samples.add(sample.with_context(|| format!("measuring {}", contender.name()))?);
        }
    }

    let size = std::fs::metadata(&programs.keyferry)?.len();
    println!(
        "\n{profile} builds, {} rounds\n\n{}",
        options.rounds,
        table::of(&samples)
    );
    println!("the binary: {:.1} MiB\n", size as f64 / f64::from(1 << 20));
    let micro = match profile {
        Profile::Debug => None,
        Profile::Release => micro::run(root)?,
    };
    if let Some(micro) = &micro {
        println!("{}", micro.shown);
    }
    for line in targets::judge(&samples, micro.as_ref()) {
        println!("{line}");
    }
    println!("\n{}", table::NOTES);
    println!("machine: {}", machine());
    Ok(())
}

/// What the figures were measured on.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = Command::new("uname").arg("-srm").output();
    let kernel = kernel.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| {
            line.strip_prefix("model name")
                .and_then(|l| l.split_once(": "))
        })
        .map_or("an unnamed processor", |(_, model)| model);
    format!("{cores} cores of {model}, {}", kernel.unwrap_or_default())
}
