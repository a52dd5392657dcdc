//! Nothing goes wrong.

use keyferry_tests::helm::{Helm, Rollout, quoted};
use keyferry_tests::issuer::Pair;
use keyferry_tests::world::RUNNER;
use serde_json::{Value, json};

use super::world::{Wanted, World, changed_lines};

#[test]
fn from_plan_to_connected() {
    let Some(world) = World::new() else { return };
    let before = world.installed.pods().expect("pods");
    let plan = world.plan().expect(0);
    assert!(
        plan.stderr.contains("may also upgrade the runner"),
        "{}",
        plan.stderr
    );
    world.assert_untouched();

    let ended = world.refresh().expect(0);
    world.assert_whole(1);
    let file = world.installed.values_path().display().to_string();
    assert_eq!(
        ended.json["location"],
        json!(format!("{file}#config.oauthClientSecret"))
    );
    // Installed, rehearsed, written.
    assert_eq!(world.installed.revision().expect("a revision").0, 3);
    let history = world
        .installed
        .helm(&["history", "matillion-agent", "--output", "json"]);
    let history: Value = serde_json::from_str(&history.expect("a history")).expect("JSON");
    let attempt = ended.json["attempt"].as_str().expect("an attempt");
    assert_eq!(
        history[2]["description"],
        json!(format!("keyferry {attempt}"))
    );

    let after = world.installed.values_text();
    let (gone, come) = (
        changed_lines(&world.before, &after),
        changed_lines(&after, &world.before),
    );
    assert_eq!(
        (gone.len(), come.len()),
        (1, 1),
        "one line of {}",
        after.lines().count()
    );
    assert!(
        come[0].starts_with("  oauthClientSecret: \"")
            && come[0].ends_with("\"   # refreshed by keyferry\n")
    );
    let pods = world.installed.pods().expect("pods");
    assert!(
        pods.len() == 2 && !pods.iter().any(|pod| before.contains(pod)),
        "{pods:?}"
    );
    assert_eq!(
        world.issuer.runner(&world.id).starts,
        4,
        "installed and restarted"
    );
    assert_eq!(world.installed.shims().count("kubectl rollout restart"), 1);

    world.json(&["verify", RUNNER]).expect(0);
    world.refresh().expect(0);
    world.assert_whole(2);
}

#[test]
fn the_next_generation_of_helm_does_it_too() {
    let wanted = Wanted {
        helm: Helm::Four,
        ..Wanted::default()
    };
    let Some(world) = World::of(wanted) else {
        return;
    };
    let ended = world.refresh().expect(0);
    assert!(
        !ended.stderr.contains("otherwise than they were installed"),
        "{}",
        ended.stderr
    );
    world.assert_whole(1);
    let after = world.installed.values_text();
    assert_eq!(changed_lines(&world.before, &after).len(), 1);
}

/// Every character that some quoting gets wrong, on several lines.
fn awkward() -> String {
    format!(
        "q\"'\\ \\\" $HOME ${{x}} {{{{ .Values }}}} %s # : - | > ! & * @ `{{}}[],é\u{1f511}\u{2028}\u{2029}\u{a0}\u{feff}\r\n\tend= \u{1}{} ",
        uuid()
    )
}

/// The same with characters that YAML does not print. helm 4 applies objects as YAML that it writes
/// as JSON, and there the API server refuses or breaks them, whoever upgrades.
fn unprintable() -> String {
    format!("{}\u{7f}\u{85}", awkward())
}

fn uuid() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    format!("{:032}", now.expect("a clock after 1970").as_nanos())
}

#[test]
fn awkward_secrets_arrive_byte_for_byte() {
    for (helm, secrets) in [
        (Helm::Three, unprintable as fn() -> String),
        (Helm::Four, awkward),
    ] {
        let wanted = Wanted {
            helm,
            secrets: Some(secrets),
            ..Wanted::default()
        };
        let Some(world) = World::of(wanted) else {
            return;
        };
        world.refresh().expect(0);
        world.assert_whole(1);
        world.refresh().expect(0);
        world.assert_whole(2);
        assert!(world.live().client_secret.contains("{{ .Values }}"));
    }
}

#[test]
fn values_given_by_set_are_kept_with_a_file_of_its_own() {
    let wanted = Wanted {
        values: |_, pair: &Pair| {
            format!(
                "# keyferry's own\nconfig:\n  oauthClientId: {}\n  oauthClientSecret: {}\n",
                quoted(&pair.client_id),
                quoted(&pair.client_secret)
            )
        },
        set: |id, _| {
            let set = format!(
                "cloudProvider=gcp,dpcAgent.dpcAgent.env.agentId={id},dpcAgent.dpcAgent.image.repository=r/x,dpcAgent.dpcAgent.image.tag=current"
            );
            vec!["--set".to_owned(), set]
        },
        settings: json!({ "reuse_values": true }),
        ..Wanted::default()
    };
    let Some(world) = World::of(wanted) else {
        return;
    };
    world.refresh().expect(0);
    world.assert_whole(1);
    let released = world.installed.released().expect("values");
    assert_eq!(
        released["dpcAgent"]["dpcAgent"]["env"]["agentId"],
        json!(world.id)
    );
}

#[test]
fn old_pods_that_drain_are_reported_and_waited_for_only_if_asked() {
    let hours = Rollout {
        drain: std::time::Duration::from_secs(43_200),
        ..Rollout::default()
    };
    let Some(world) = World::new() else { return };
    world.installed.set_rollout(hours.clone());
    let ended = world.refresh().expect(0);
    world.assert_whole(1);
    assert!(
        ended
            .stderr
            .contains("2 old still drain, for up to 43200 s"),
        "{}",
        ended.stderr
    );

    let wanted = Wanted {
        settings: json!({ "wait_for_old": true }),
        keys: json!({ "rollout_timeout": "3s" }),
        ..Wanted::default()
    };
    let Some(world) = World::of(wanted) else {
        return;
    };
    world.installed.set_rollout(hours);
    world.refresh().expect(5).says(&["2 old still drain"]);
    world.assert_stored();
    world.installed.set_rollout(Rollout::default());
    world.resume().expect(0);
    world.assert_whole(1);
}
