//! An identity that may do what a refresh needs, and no more; and one that may do less.

use keyferry_tests::helm::User;
use serde_json::{Value, json};

use super::world::{Wanted, World};

fn enough() -> Vec<Value> {
    let rule = |group: &str, resources: &[&str], verbs: &[&str]| json!({ "apiGroups": [group], "resources": resources, "verbs": verbs });
    vec![
        rule(
            "",
            &["secrets"],
            &["get", "list", "create", "update", "patch", "delete"],
        ),
        rule("", &["serviceaccounts"], &["get", "patch"]),
        rule("apps", &["deployments"], &["get", "list", "patch"]),
        rule("apps", &["replicasets"], &["get", "list"]),
        rule("", &["pods"], &["get", "list"]),
    ]
}

fn limited() -> Option<World> {
    World::of(Wanted {
        user: User::Limited,
        ..Wanted::default()
    })
}

#[test]
fn a_role_of_a_few_rules_is_enough() {
    let Some(world) = limited() else { return };
    world.installed.allow(&json!(enough())).expect("allowed");
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn without_the_right_to_see_pods_it_still_works() {
    let Some(world) = limited() else { return };
    world
        .installed
        .allow(&json!(enough()[..3]))
        .expect("allowed");
    world.refresh().expect(0);
    world.assert_whole(1);
}

#[test]
fn what_is_not_allowed_is_found_by_the_plan() {
    let Some(world) = limited() else { return };
    world.refresh().expect(3).says(&["may not update secrets"]);
    world.assert_untouched();

    let Some(world) = limited() else { return };
    let mut rules = enough();
    rules[2]["verbs"] = json!(["get", "list"]);
    world.installed.allow(&json!(rules)).expect("allowed");
    world
        .refresh()
        .expect(3)
        .says(&["may not patch Deployments"]);
    world.assert_untouched();
}
