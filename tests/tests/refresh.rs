//! The whole way with the real binary and the real component, between the two stand-ins.

use std::time::Duration;

use keyferry_tests::aws::{Aws, Etl, Outcome as Rollout};
use keyferry_tests::canary::assert_no_canary;
use keyferry_tests::issuer::{Issuer, RunnerSpec};
use keyferry_tests::process::{Config, Outcome, Workspace, sink};
use serde_json::{Value, json};

const RUNNER: &str = "etl-prod";

/// Issuer, AWS and a folder with a config that fits them.
struct World {
    issuer: Issuer,
    aws: Aws,
    etl: Etl,
    id: String,
    first: String,
    workspace: Workspace,
}

impl World {
    fn new(more: &[(&str, Value)]) -> Self {
        let issuer = Issuer::start().unwrap();
        let spec = RunnerSpec::fargate(RUNNER);
        let id = spec.id.clone();
        let pair = issuer.add_runner(spec);
        let aws = Aws::start_with(issuer.runner_hook()).unwrap();
        let etl = aws.seed_etl(&id, &pair.client_id, &pair.client_secret);
        let config = Config::new(&issuer)
            .aws(&aws)
            .plugin("aws-ecs", &sink("aws-ecs").unwrap())
            .etl(RUNNER, &id, &aws.region(), &etl, more);
        let workspace = Workspace::new(&config).unwrap();
        let first = pair.client_secret;
        Self { issuer, aws, etl, id, first, workspace }
    }

    fn approved(more: &[(&str, Value)]) -> Self {
        let world = Self::new(more);
        let approved = world.run(&["plugins", "approve", "aws-ecs", "--yes"]);
        assert_eq!(approved.code, Some(0), "{}", approved.stderr);
        world
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.workspace.keyferry(arguments).unwrap().finish().unwrap()
    }
}

#[test]
fn a_refresh_from_plan_to_connected() {
    let world = World::approved(&[]);
    let before = world.aws.secret_string(&world.etl.secret_id);
    let outcome = world.run(&["refresh", RUNNER, "--yes", "--output", "json", "-v"]);
    eprintln!("{}\n{}", outcome.stderr, outcome.stdout);
    assert_eq!(outcome.code, Some(0));
}
