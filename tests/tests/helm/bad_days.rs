//! Bad days: lost answers, programs that hang, other writers, rollouts that fail, a crash. The live
//! secret is never lost, and the same end is reached.

use keyferry_tests::helm::{Fault, Outcome, Rollout};
use keyferry_tests::world::{Ended, RUNNER};
use serde_json::json;

use super::world::{Wanted, World};

fn without_rehearsal() -> Option<World> {
    World::of(Wanted {
        keys: json!({ "rehearse": false }),
        ..Wanted::default()
    })
}

#[test]
fn an_upgrade_whose_answer_is_lost() {
    let Some(world) = without_rehearsal() else {
        return;
    };
    world.installed.shims().fail("helm-upgrade", &Fault::Lost);
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn an_upgrade_that_fails_once() {
    let Some(world) = without_rehearsal() else {
        return;
    };
    let refused = Fault::Refused("Error: UPGRADE FAILED: the server is busy".to_owned());
    world.installed.shims().fail("helm-upgrade", &refused);
    let ended = world.refresh().expect(0);
    assert!(
        ended.stderr.contains("the server is busy"),
        "{}",
        ended.stderr
    );
    world.assert_whole(1);
    assert_eq!(world.installed.shims().count("helm upgrade"), 2);
}

#[test]
fn an_upgrade_that_hangs_is_ended_and_made_again() {
    let Some(world) = without_rehearsal() else {
        return;
    };
    world.installed.shims().fail("helm-upgrade", &Fault::Hangs);
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn a_restart_whose_answer_is_lost_is_not_made_twice() {
    let Some(world) = without_rehearsal() else {
        return;
    };
    world
        .installed
        .shims()
        .fail("kubectl-rollout", &Fault::Lost);
    world.refresh().expect(0);
    world.assert_whole(1);
    assert_eq!(world.installed.shims().count("kubectl rollout restart"), 1);
}

#[test]
fn another_writer_of_the_file_is_not_overwritten() {
    let Some(world) = without_rehearsal() else {
        return;
    };
    let file = world.installed.values_path().display().to_string();
    let script = format!("printf 'dashboard2: by hand\\n' >> '{file}'");
    world
        .installed
        .shims()
        .fail("helm-upgrade", &Fault::Before(script));
    world.refresh().expect(0);
    world.assert_whole(1);
    assert!(
        world
            .installed
            .values_text()
            .ends_with("dashboard2: by hand\n")
    );
}

#[test]
fn another_upgrade_in_between_is_found_and_put_right() {
    let Some(world) = without_rehearsal() else {
        return;
    };
    let old = world.installed.chart().join("old-values.yaml");
    std::fs::write(&old, &world.before).expect("written");
    let (chart, namespace) = (
        world.installed.chart(),
        world.installed.namespace().to_owned(),
    );
    let script = format!(
        "\"$real\" upgrade matillion-agent '{}' --namespace {namespace} --values '{}' > /dev/null",
        chart.display(),
        old.display()
    );
    world
        .installed
        .shims()
        .fail("helm-upgrade", &Fault::Before(script));
    let ended = world.refresh().expect(0);
    assert!(
        ended.stderr.contains("who else upgrades it"),
        "{}",
        ended.stderr
    );
    world.assert_whole(1);
}

#[test]
fn a_rollout_that_fails_holds_the_refresh_and_resume_ends_it() {
    for (outcome, said) in [
        (
            Outcome::DeadlineExceeded,
            "has timed out progressing. (container",
        ),
        (Outcome::CrashLoop, "CrashLoopBackOff"),
    ] {
        let Some(world) = without_rehearsal() else {
            return;
        };
        world.installed.set_rollout(Rollout {
            outcome,
            ..Rollout::default()
        });
        world.refresh().expect(5).says(&[said]);
        world.assert_stored();
        world.installed.set_rollout(Rollout::default());
        world.resume().expect(0);
        world.assert_whole(1);
    }
}

#[test]
fn killed_while_helm_upgrades_it_goes_on_where_it_stood() {
    let Some(world) = without_rehearsal() else {
        return;
    };
    world.installed.shims().fail("helm-upgrade", &Fault::Hangs);
    let run = world
        .workspace
        .keyferry(&["refresh", RUNNER, "--yes"])
        .expect("a built program");
    let killed = run.start().expect("it starts");
    let outcome = killed.kill_when(|| world.installed.shims().count("helm upgrade") == 1);
    world.assert_sealed(&outcome.expect("killed"));
    let ended: Ended = world.resume().expect(0);
    assert_eq!(ended.json["outcome"], json!("done"));
    world.assert_whole(1);
}

#[test]
fn a_held_write_says_what_helm_needs() {
    let Some(world) = without_rehearsal() else {
        return;
    };
    let namespace = world.installed.namespace().to_owned();
    // The record of an upgrade that was ended in the middle, as the next revision.
    let script = format!(
        "record=$(dirname \"$fault\")/record; kubectl=$(dirname \"$real\")/kubectl\n\
         \"$kubectl\" get secret sh.helm.release.v1.matillion-agent.v1 --namespace {namespace} --output json > $record\n\
         python3 - $record <<'PYTHON' | \"$kubectl\" create --namespace {namespace} --filename - > /dev/null\n\
         import base64, gzip, json, sys\n\
         d = json.load(open(sys.argv[1]))\n\
         r = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(d['data']['release']))))\n\
         r['info']['status'] = 'pending-upgrade'; r['version'] = 2\n\
         d['data']['release'] = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(r).encode()))).decode()\n\
         d['metadata'] = {{'name': d['metadata']['name'][:-1] + '2', 'labels': dict(d['metadata']['labels'], status='pending-upgrade', version='2')}}\n\
         print(json.dumps(d))\n\
         PYTHON"
    )
    .replace("         ", "");
    world
        .installed
        .shims()
        .fail("helm-upgrade", &Fault::After(script));
    let namespace = world.installed.namespace();
    let remedy = format!("`helm rollback matillion-agent 1 --namespace {namespace}`");
    world
        .refresh()
        .expect(4)
        .says(&["pending-upgrade at revision 2", &remedy]);
    world
        .installed
        .helm(&["rollback", "matillion-agent", "1"])
        .expect("rolled back");
    world.resume().expect(0);
    world.assert_whole(1);
}
