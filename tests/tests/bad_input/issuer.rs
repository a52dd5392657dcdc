//! The issuer: not there, not ours, not allowed, not this runner.

use keyferry_tests::issuer::{Endpoint, Role, RunnerSpec};
use keyferry_tests::process::Config;
use keyferry_tests::world::{RUNNER, World};

use crate::{refused, text, wrong};

/// The runner by this name instead of its id.
fn named(name: &str) -> impl FnOnce(Config) -> Config {
    move |config| {
        let text = config.text().to_owned();
        let id = text
            .lines()
            .find(|line| line.starts_with("id = "))
            .expect("an id");
        let text = text.replace(id, &format!("runner = \"{name}\""));
        config.replaced(&text)
    }
}

#[test]
fn an_issuer_that_can_not_be_reached() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = unused.local_addr().expect("an address").to_string();
    drop(unused);
    let elsewhere = |config: Config| {
        let lines = config
            .text()
            .lines()
            .map(|line| match line.split_once(" = ") {
                Some(("base_url", _)) => format!("base_url = \"http://{address}/dpc\""),
                Some(("token_url", _)) => format!("token_url = \"http://{address}/token\""),
                _ => line.to_owned(),
            });
        let text = lines.collect::<Vec<_>>().join("\n");
        config.replaced(&text)
    };
    let world = wrong(elsewhere);
    world.approve();
    refused(&world, 3, &[&address, "got no answer", "check the network"]);
}

#[test]
fn an_api_credential_that_is_wrong() {
    let world = wrong(|config| config.env("MATILLION_CLIENT_SECRET", "wrong-wrong-wrong"));
    world.approve();
    refused(&world, 3, &["401", "client_id and client_secret"]);
}

#[test]
fn a_role_that_may_not_manage_runners() {
    let world = World::approved(&[]);
    world.issuer.configure(|issuer| issuer.role = Role::Member);
    refused(&world, 3, &["403", "Manage agents", "Super Admin"]);
    assert_eq!(world.issuer.count(Endpoint::RefreshCredential), 0);
}

#[test]
fn a_runner_of_another_account_or_region() {
    let other = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    let change = |config: Config| {
        let text = config.text().to_owned();
        let id = text
            .lines()
            .find(|line| line.starts_with("id = "))
            .expect("an id");
        let text = text.replace(id, &format!("id = \"{other}\""));
        config.replaced(&text)
    };
    let world = wrong(change);
    world.approve();
    refused(&world, 3, &[other, "404", "region and account"]);
}

#[test]
fn a_name_that_no_runner_has() {
    let world = wrong(named("etl-pord"));
    world.approve();
    refused(
        &world,
        3,
        &["no runner `etl-pord`", "did you mean `etl-prod`"],
    );
}

#[test]
fn a_name_that_two_runners_have() {
    let world = wrong(named(RUNNER));
    world.approve();
    let twin = RunnerSpec::fargate(RUNNER);
    let twin_id = twin.id.clone();
    world.issuer.add_runner(twin);
    refused(
        &world,
        3,
        &["2 runners are named `etl-prod`", &twin_id, &world.id],
    );
}

#[test]
fn a_runner_of_another_kind() {
    let world = World::approved(&[]);
    world
        .issuer
        .change_runner(&world.id, |runner| runner.kind = "streaming".to_owned());
    refused(&world, 3, &["streaming runner"]);
}

#[test]
fn addresses_that_a_secret_may_not_be_sent_to() {
    let world = wrong(text(
        "token_url = \"http://127.0.0.1",
        "token_url = \"http://example.com",
    ));
    refused(&world, 1, &["token_url", "https"]);
}
