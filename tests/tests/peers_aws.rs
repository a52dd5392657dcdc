//! The binary, the real component and the real signing against moto, which nobody here wrote, and
//! what came of it read back through boto3.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use keyferry_tests::aws::Etl;
use keyferry_tests::aws::sigv4::Keys;
use keyferry_tests::issuer::{Issuer, RunnerSpec};
use keyferry_tests::moto::Moto;
use keyferry_tests::process::{Config, Outcome, Workspace, sink};
use serde_json::{Value, json};

const RUNNER: &str = "etl-prod";

/// What the sink's documentation says its identity needs.
fn rights() -> Value {
    let actions = [
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:DescribeSecret",
        "ecs:DescribeServices",
        "ecs:DescribeTaskDefinition",
        "ecs:UpdateService",
    ];
    // moto judges actions; it gives every resource of these services the name `*`.
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
    })
}

struct World {
    issuer: Issuer,
    id: String,
    etl: Etl,
    before: BTreeMap<String, Value>,
}

impl World {
    fn new(moto: &Moto) -> Self {
        let issuer = Issuer::start().expect("an issuer");
        let spec = RunnerSpec::fargate(RUNNER);
        let id = spec.id.clone();
        let pair = issuer.add_runner(spec);
        let etl = moto
            .seed_etl(&id, &pair.client_id, &pair.client_secret)
            .expect("seeded");
        let before = members(moto, &etl);
        Self {
            issuer,
            id,
            etl,
            before,
        }
    }

    fn workspace(
        &self,
        moto: &Moto,
        keys: &Keys,
        change: impl FnOnce(Config) -> Config,
    ) -> Workspace {
        let component = sink("aws-ecs").expect("a built sink");
        let config = Config::new(&self.issuer)
            .aws_at(moto.region(), moto.origin())
            .plugin("aws-ecs", &component)
            .etl(
                RUNNER,
                &self.id,
                moto.region(),
                &self.etl,
                &[("connect_timeout", json!("30s"))],
            )
            .env("AWS_ACCESS_KEY_ID", &keys.id)
            .env("AWS_SECRET_ACCESS_KEY", &keys.secret)
            .env("AWS_REGION", moto.region())
            .env("AWS_EC2_METADATA_DISABLED", "true");
        let workspace = Workspace::new(&change(config)).expect("a folder");
        let approved = run(&workspace, &["plugins", "approve", "aws-ecs", "--yes"]);
        assert_eq!(approved.code, Some(0), "{}", approved.stderr);
        workspace
    }

    /// A refresh, with the part that moto does not play: once its service has a new deployment, a
    /// container reads what is stored and starts.
    fn refresh(&self, moto: &Moto, workspace: &Workspace) -> Outcome {
        let deployment =
            || moto.service(&self.etl).expect("a service")["deployments"][0]["id"].clone();
        let old = deployment();
        let run = workspace.keyferry(&["refresh", RUNNER, "--yes", "--output", "json"]);
        let running = run.and_then(|run| run.start()).expect("it starts");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| running.wait().expect("it ends"));
            let end = Instant::now() + Duration::from_secs(30);
            while deployment() == old && !waiting.is_finished() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(50));
            }
            let stored = members(moto, &self.etl);
            let text = |key: &str| stored[key].as_str().expect("text").to_owned();
            self.issuer
                .runner_started_with(&self.id, &text("client_id"), &text("client_secret"));
            waiting.join().expect("no panic")
        })
    }

    /// One refresh, stored under the attempt's id, the version before kept, the neighbours as they
    /// were, and a new deployment.
    fn assert_refreshed(&self, moto: &Moto, outcome: &Outcome) {
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let document: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        assert_eq!(self.issuer.refreshes(&self.id), 1);
        let mut expected = self.before.clone();
        let live = self.issuer.credential(&self.id);
        expected.insert("client_secret".to_owned(), json!(live.client_secret));
        assert!(
            members(moto, &self.etl) == expected,
            "moto holds the live secret and nothing else new"
        );
        let versions = moto.versions(&self.etl.secret_id).expect("versions");
        let staged = |stage: &str| {
            let mut all = versions.as_array().expect("a list").iter();
            let found = all.find(|v| {
                v["VersionStages"]
                    .as_array()
                    .is_some_and(|s| s.contains(&json!(stage)))
            });
            found.map(|version| version["VersionId"].clone())
        };
        assert_eq!(staged("AWSCURRENT").as_ref(), Some(&document["attempt"]));
        assert!(staged("AWSPREVIOUS").is_some_and(|id| id != document["attempt"]));
        assert!(self.issuer.runner(&self.id).connected);
    }
}

fn members(moto: &Moto, etl: &Etl) -> BTreeMap<String, Value> {
    let text = moto.secret_string(&etl.secret_id).expect("a secret");
    serde_json::from_str(&text).expect("an object")
}

fn run(workspace: &Workspace, arguments: &[&str]) -> Outcome {
    let run = workspace.keyferry(arguments).expect("a built program");
    run.finish().expect("it ends")
}

#[test]
fn a_refresh_with_no_more_than_the_rights_it_needs() {
    let Some(mut moto) = Moto::start_or_skip() else {
        return;
    };
    let world = World::new(&moto);
    let before = moto.service(&world.etl).expect("a service")["deployments"][0]["id"].clone();
    let limited = moto.enforce_rights(&rights()).expect("rights are checked");
    let workspace = world.workspace(&moto, &limited, |config| config);
    let outcome = world.refresh(&moto, &workspace);
    world.assert_refreshed(&moto, &outcome);
    let after = moto.service(&world.etl).expect("a service");
    assert_ne!(after["deployments"][0]["id"], before);
}

#[test]
fn a_key_that_moto_does_not_take_and_a_right_that_is_missing() {
    let Some(mut moto) = Moto::start_or_skip() else {
        return;
    };
    let world = World::new(&moto);
    let mut policy = rights();
    policy["Statement"][0]["Action"]
        .as_array_mut()
        .expect("actions")
        .remove(1);
    let limited = moto.enforce_rights(&policy).expect("rights are checked");
    let mut wrong = limited.clone();
    wrong.secret.push('x');
    for (keys, says) in [
        (&wrong, "SignatureDoesNotMatch"),
        (&limited, "PutSecretValue"),
    ] {
        let workspace = world.workspace(&moto, keys, |config| config);
        let outcome = run(&workspace, &["refresh", RUNNER, "--yes"]);
        assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
        assert!(
            outcome.stderr.contains(says),
            "{says} in {}",
            outcome.stderr
        );
        assert!(
            outcome.stderr.contains("see that the identity in use"),
            "{}",
            outcome.stderr
        );
    }
    assert_eq!(world.issuer.refreshes(&world.id), 0);
    assert!(members(&moto, &world.etl) == world.before);
}

#[test]
fn a_profile_that_is_named_is_meant_whatever_the_environment_holds() {
    let Some(mut moto) = Moto::start_or_skip() else {
        return;
    };
    let world = World::new(&moto);
    let right = moto.enforce_rights(&rights()).expect("rights are checked");
    let mut wrong = right.clone();
    wrong.secret.push('x');
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("credentials");
    let Keys { id, secret, .. } = &right;
    let profile = format!("[etl]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
    std::fs::write(&file, profile).expect("written");
    let plan = |name: &str| {
        let named = |config: Config| {
            let auth = format!("kind = \"aws\"\nprofile = \"{name}\"");
            let text = config.text().replace("kind = \"aws\"", &auth);
            let file = file.display().to_string();
            config
                .replaced(&text)
                .env("AWS_SHARED_CREDENTIALS_FILE", &file)
        };
        let workspace = world.workspace(&moto, &wrong, named);
        run(&workspace, &["plan", RUNNER])
    };
    let outcome = plan("etl");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let outcome = plan("other");
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    let says = "the profile `other` of the AWS files";
    assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
}

#[test]
fn a_role_is_assumed_through_sts() {
    let Some(moto) = Moto::start_or_skip() else {
        return;
    };
    let world = World::new(&moto);
    let role = |config: Config| {
        let role = "kind = \"aws\"\nrole_arn = \"arn:aws:iam::123456789012:role/keyferry\"";
        let text = config.text().replace("kind = \"aws\"", role);
        config
            .replaced(&text)
            .env("AWS_ENDPOINT_URL_STS", moto.origin())
    };
    let workspace = world.workspace(&moto, moto.keys(), role);
    let outcome = world.refresh(&moto, &workspace);
    world.assert_refreshed(&moto, &outcome);

    let nowhere = |config: Config| role(config).env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9");
    let workspace = world.workspace(&moto, moto.keys(), nowhere);
    let outcome = run(&workspace, &["refresh", RUNNER, "--yes"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("to assume arn:aws:iam"),
        "{}",
        outcome.stderr
    );
}
