use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use super::package_name;
use super::run::run;

fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

#[test]
fn the_package_is_named_by_its_own_table() {
    let folder = folder("name");
    let manifest =
        "[lib]\nname = \"other\"\n\n[package]\nversion = \"1.0.0\"\nname = \"aws-ecs\"\n";
    fs::write(folder.join("Cargo.toml"), manifest).expect("written");
    assert_eq!(package_name(&folder).expect("named"), "aws-ecs");
    fs::write(
        folder.join("Cargo.toml"),
        "[package]\n[lib]\nname = \"x\"\n",
    )
    .expect("written");
    assert!(package_name(&folder).is_err());
    fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_program_that_fails_is_quoted_and_one_that_hangs_is_ended() {
    let folder = folder("run");
    let log = folder.join("log");
    let shell = |script: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    };
    let limit = Duration::from_secs(20);
    assert_eq!(run(&mut shell("true"), limit, &log), Ok(()));
    let said = run(
        &mut shell("echo one; echo 'error: two' >&2; echo three; exit 1"),
        limit,
        &log,
    );
    assert_eq!(said, Err("error: two".to_owned()));
    assert_eq!(
        run(&mut shell("echo one; echo three; exit 1"), limit, &log),
        Err("three".to_owned())
    );
    let begun = Instant::now();
    let hung = run(
        Command::new("sleep").arg("60"),
        Duration::from_millis(200),
        &log,
    )
    .expect_err("ended");
    assert!(hung.contains("took longer"), "{hung}");
    assert!(begun.elapsed() < limit);
    let absent = run(&mut Command::new("no-such-program-at-all"), limit, &log).expect_err("absent");
    assert!(
        absent.contains("can't run no-such-program-at-all"),
        "{absent}"
    );
    fs::remove_dir_all(folder).expect("removed");
}
