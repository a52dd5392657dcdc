use std::sync::Arc;
use std::time::Duration;

use keyferry_tests::peer::peer_unavailable;
use keyferry_tests::process::Run;
use keyferry_tests::snowflake::{Operation, Pace};
use serde_json::json;

use crate::{AWKWARD, RUNNER, World, each};

#[test]
fn a_refresh_from_plan_to_connected() {
    let world = World::new(&[]);
    let grants = world.snowflake.grants();
    let outcome = world.refresh(0);
    world.is_back();
    assert_eq!(world.issuer.refreshes(&world.id), 1);
    assert_eq!(
        world.issuer.runner(&world.id).starts,
        2,
        "both containers are new"
    );
    // Rehearsed with the live secret, then written once.
    assert_eq!(world.snowflake.writes(), 2);
    assert_eq!(world.snowflake.grants(), grants, "every grant stays");
    let once = [Operation::Suspend, Operation::Resume];
    assert_eq!(
        once.map(|operation| world.snowflake.count(operation)),
        [1, 1]
    );
    assert!(
        outcome.stderr.contains("the place never shows it"),
        "{}",
        outcome.stderr
    );
    world.keeps_silent(&[&outcome], &[&world.first, &world.live()]);
}

#[test]
fn every_secret_arrives_byte_for_byte() {
    each(&AWKWARD, |secret| {
        let world = World::new(&[]);
        world.issuer.configure(|issuer| {
            let secret = (*secret).to_owned();
            issuer.new_secret = Arc::new(move || secret.clone());
        });
        let outcome = world.refresh(0);
        assert_eq!(world.snowflake.secret_string(), *secret);
        world.is_back();
        world.keeps_silent(&[&outcome], &[secret, &world.first]);
    });
}

#[test]
fn a_procedure_can_restart_the_runner() {
    let world = World::with(&[], |app, settings| {
        settings["restart"] = json!("call");
        settings["procedure"] = json!(app.procedure);
        settings["warehouse"] = json!("ETL_WH");
        settings["service"] = json!(null);
    });
    // The runner is still gone when the procedure has come to its end.
    let start = Duration::from_secs(6);
    world.snowflake.set_pace(Pace {
        start,
        ..Pace::default()
    });
    world.refresh(0);
    world.is_back();
    assert_eq!(world.snowflake.count(Operation::Call), 1);
    assert_eq!(world.snowflake.count(Operation::Suspend), 0);
}

#[test]
fn a_restart_by_hand_is_waited_for() {
    let world = World::with(&[], |_, settings| {
        settings["restart"] = json!("none");
        settings["service"] = json!(null);
    });
    let arguments = ["refresh", RUNNER, "--yes"];
    let mut running = world
        .workspace
        .keyferry(&arguments)
        .expect("a binary")
        .start()
        .expect("it runs");
    running
        .wait_until(|so_far| so_far.stderr_so_far().contains("restart the runner now"))
        .expect("the operator is told");
    // As in life, the runner is away for longer than a look at the issuer takes: it comes back
    // only after it was seen gone.
    running
        .wait_until(|so_far| so_far.stderr_so_far().contains("connected  not connected"))
        .expect("it is seen gone");
    let pair = world.issuer.credential(&world.id);
    let stored = world.snowflake.secret_string();
    world
        .issuer
        .runner_started_with(&world.id, &pair.client_id, &stored);
    let outcome = running.wait().expect("an end");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    world.is_back();
}

#[test]
fn a_key_pair_signs_in() {
    let mut world = World::new(&[]);
    let key = world.workspace.path().join("key.p8");
    let openssl = |arguments: &[&str]| {
        let outcome = Run::new("openssl").args(arguments).finish()?;
        anyhow::ensure!(outcome.code == Some(0), "{}", outcome.stderr);
        anyhow::Ok(())
    };
    let path = key.display().to_string();
    let made = openssl(&[
        "genpkey",
        "-algorithm",
        "RSA",
        "-pkeyopt",
        "rsa_keygen_bits:2048",
        "-out",
        &path,
    ]);
    if let Err(why) = made {
        return peer_unavailable("openssl", format!("{why:#}"));
    }
    let public = world.workspace.path().join("key.der");
    openssl(&[
        "pkey",
        "-in",
        &path,
        "-pubout",
        "-outform",
        "DER",
        "-out",
        &public.display().to_string(),
    ])
    .expect("a public key");
    world
        .snowflake
        .register_key(&std::fs::read(public).expect("readable"));

    let auth = [
        ("kind", json!("snowflake")),
        ("account", json!(world.snowflake.account())),
        ("user", json!(world.snowflake.user())),
        ("private_key", json!({ "file": path })),
    ];
    let origin = world.snowflake.origin();
    world.configure(&auth, &origin);
    world.refresh(0);
    world.is_back();
}
