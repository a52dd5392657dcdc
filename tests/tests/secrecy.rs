//! No secret where it has no business: not in what is said however talkative, not in a file, not in
//! arguments, environment or addresses; in runs that go well and in runs that don't.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use keyferry_tests::aws::{Fault, Operation, Outcome};
use keyferry_tests::canary::{assert_no_canary, find};
use keyferry_tests::issuer::{Endpoint, Fault as IssuerFault};
use keyferry_tests::world::{RUNNER, World};
use serde_json::json;

/// A world that says all it can, with every secret in it that there has been so far.
struct Watched {
    world: World,
    operators: Vec<String>,
    runners: Vec<String>,
    heard: Vec<(String, Vec<u8>)>,
}

impl Watched {
    fn new(rehearse: bool) -> Self {
        let more = [
            ("rehearse", json!(rehearse)),
            ("connect_timeout", json!("1s")),
        ];
        let world = World::with(
            |_| {},
            &more,
            |config| {
                config
                    .env("RUST_LOG", "trace")
                    .env("RUST_BACKTRACE", "full")
            },
        );
        let mut operators = vec![world.issuer.api_credential().client_secret];
        operators.push(world.aws.keys().secret);
        let runners = vec![world.first().client_secret.clone()];
        let mut watched = Self {
            world,
            operators,
            runners,
            heard: Vec::new(),
        };
        watched.run(&["plugins", "approve", "aws-ecs", "--yes"], 0);
        watched
    }

    fn run(&mut self, arguments: &[&str], code: i32) {
        for form in ["human", "json"] {
            let all = [arguments, &["-v", "--output", form]].concat();
            let outcome = self.world.run(&all);
            self.hear(arguments, form, outcome.stdout, outcome.stderr);
            // A second run may find the deed done.
            let expected = form == "json" || outcome.code == Some(code);
            assert!(expected, "{arguments:?}: {:?}", outcome.code);
        }
    }

    fn hear(&mut self, arguments: &[&str], form: &str, stdout: String, stderr: String) {
        let live = self.world.issuer.credential(&self.world.id).client_secret;
        if !self.runners.contains(&live) {
            self.runners.push(live);
        }
        let name = format!("{} ({form})", arguments.join(" "));
        self.heard
            .push((format!("standard output of {name}"), stdout.into_bytes()));
        self.heard
            .push((format!("standard error of {name}"), stderr.into_bytes()));
    }

    fn assert_silent(&mut self) {
        let urls = |exchanges: Vec<keyferry_tests::server::Exchange>| -> Vec<u8> {
            let lines = exchanges.into_iter().map(|exchange| exchange.path + "\n");
            lines.collect::<String>().into_bytes()
        };
        self.heard.push((
            "the issuer's addresses".into(),
            urls(self.world.issuer.requests()),
        ));
        self.heard
            .push(("AWS's addresses".into(), urls(self.world.aws.requests())));
        self.heard
            .extend(self.world.workspace.files().expect("readable"));
        let secrets: Vec<&str> = self
            .runners
            .iter()
            .chain(&self.operators)
            .map(String::as_str)
            .collect();
        let heard: Vec<(&str, &[u8])> = self
            .heard
            .iter()
            .map(|(n, b)| (n.as_str(), b.as_slice()))
            .collect();
        assert_no_canary(&heard, &secrets);
    }
}

#[test]
fn when_all_goes_well() {
    let mut watched = Watched::new(true);
    for arguments in [
        ["plan", RUNNER].as_slice(),
        &["refresh", RUNNER, "--yes"],
        &["verify", RUNNER],
        &["status"],
        &["history", "--steps"],
        &["doctor"],
        &["reconcile", RUNNER, "--force"],
        &["plugins", "list"],
    ] {
        watched.run(arguments, 0);
    }
    assert_eq!(
        watched.runners.len(),
        3,
        "the first, and one of each refresh"
    );
    watched.assert_silent();
}

#[test]
fn when_the_issuer_has_a_bad_day() {
    let mut watched = Watched::new(false);
    for fault in [
        IssuerFault::AnswerCut,
        IssuerFault::ErrorAfter(500),
        IssuerFault::EmptySecret,
    ] {
        watched
            .world
            .issuer
            .fail_times(Endpoint::RefreshCredential, fault, 2);
        watched.run(&["refresh", RUNNER, "--yes"], 0);
    }
    watched
        .world
        .issuer
        .fail_times(Endpoint::GetCredential, IssuerFault::Garbage, 2);
    watched.run(&["refresh", RUNNER, "--yes"], 3);
    watched
        .world
        .issuer
        .configure(|issuer| issuer.never_connects = true);
    watched.run(&["refresh", RUNNER, "--yes"], 5);
    watched.run(&["status"], 0);
    watched.assert_silent();
}

#[test]
fn when_the_store_has_a_bad_day() {
    let mut watched = Watched::new(false);
    watched
        .world
        .aws
        .fail(Operation::GetSecretValue, Fault::Garbage);
    watched.world.aws.deny(Operation::PutSecretValue);
    watched.run(&["refresh", RUNNER, "--yes"], 4);
    watched.run(&["resume"], 4);
    watched.run(&["doctor"], 1);
    watched.assert_silent();
    watched.world.aws.clear_faults();
    let failed = Outcome::RolledBack("no capacity".to_owned());
    watched
        .world
        .aws
        .set_rollout(Duration::from_millis(30), failed);
    watched.run(&["resume"], 5);
    watched
        .world
        .aws
        .set_rollout(Duration::from_millis(30), Outcome::Complete);
    watched.run(&["resume"], 0);
    watched.run(&["history", "--steps"], 0);
    watched.assert_silent();
}

#[test]
fn while_it_runs_and_when_it_is_killed() {
    let mut watched = Watched::new(false);
    let slow = Fault::Slow(Duration::from_secs(60));
    watched.world.aws.fail(Operation::PutSecretValue, slow);
    let arguments = ["refresh", RUNNER, "--yes", "-v"];
    let mut running = watched.world.start(&arguments);
    let writing = |_: &_| watched.world.aws.count(Operation::PutSecretValue) == 1;
    running.wait_until(writing).expect("it writes");
    let proc = format!("/proc/{}", running.id());
    let argv = fs::read(format!("{proc}/cmdline")).expect("arguments");
    let environment = fs::read(format!("{proc}/environ")).expect("an environment");
    let killed = running.kill().expect("it runs");
    watched.hear(&arguments, "killed", killed.stdout, killed.stderr);

    let live = watched
        .world
        .issuer
        .credential(&watched.world.id)
        .client_secret;
    assert_ne!(live.as_str(), watched.runners[0]);
    let operators: Vec<&str> = watched.operators.iter().map(String::as_str).collect();
    let runners = [live.as_str(), watched.runners[0].as_str()];
    assert_no_canary(
        &[("the arguments", &argv)],
        &[&operators[..], &runners].concat(),
    );
    // What the operator puts there is the operator's choice; nothing is added to it.
    assert_no_canary(&[("the environment", &environment)], &runners);
    assert!(
        find(&environment, operators[0]).is_some(),
        "this test looks where a secret is"
    );

    // The journal has the only copy that this machine holds, and it can't be read.
    watched.assert_silent();
    watched.world.aws.clear_faults();
    watched.run(&["resume"], 0);
    watched.world.assert_whole(1);
    watched.assert_silent();
}

#[test]
fn what_is_kept_is_kept_from_others() {
    let world = World::approved(&[]);
    world.refresh().expect(0);
    let mut folders = vec![world.workspace.state_path()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        let mode = fs::metadata(&folder)
            .expect("a folder")
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{} is open to others", folder.display());
        for entry in fs::read_dir(&folder).expect("readable") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let mode = fs::metadata(&path).expect("a file").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} is open to others", path.display());
        }
    }
    assert!(files >= 4, "identity, fingerprint key, journal and lock");
}
