//! Both stand-ins play one runner: a refresh by hand, done right, and done with steps left out.

use std::time::Duration;

use keyferry_tests::aws::{Aws, Etl, Operation, members};
use keyferry_tests::issuer::{Issuer, Pair};
use serde_json::{Value, json};

use crate::aws::{TOKEN_1, call};
use crate::eventually;
use crate::issuer::{Caller, with_runner};

fn installed() -> (Issuer, String, Pair, Aws, Etl) {
    let (issuer, id, pair) = with_runner();
    let aws = Aws::start_with(issuer.runner_hook()).expect("a stand-in");
    let etl = aws.seed_etl(&id, &pair.client_id, &pair.client_secret);
    (issuer, id, pair, aws, etl)
}

fn restart(aws: &Aws, etl: &Etl) {
    let body =
        json!({ "cluster": etl.cluster, "service": etl.service, "forceNewDeployment": true });
    assert_eq!(call(aws, Operation::UpdateService, &body).0, 200);
}

#[test]
fn a_stored_fresh_secret_and_a_restart_bring_the_runner_back() {
    let (issuer, id, old, aws, etl) = installed();
    let fresh = Caller::new(&issuer)
        .refresh(&id)
        .expect("an answer")
        .json()
        .expect("JSON");
    eventually("it is cut off", || !issuer.runner(&id).connected);
    let before = aws.secret_string(&etl.secret_id).expect("text");
    let quoted = |text: &str| Value::from(text).to_string();
    let new = before.replace(
        &quoted(&old.client_secret),
        &fresh["clientSecret"].to_string(),
    );
    assert_ne!(new, before);
    let body =
        json!({ "SecretId": etl.secret_id, "ClientRequestToken": TOKEN_1, "SecretString": new });
    assert_eq!(call(&aws, Operation::PutSecretValue, &body).0, 200);
    restart(&aws, &etl);
    eventually("it is back", || issuer.runner(&id).connected);
    eventually("both containers started", || issuer.runner(&id).starts == 2);

    let (mut was, mut is) = (
        members(&before).expect("an object"),
        members(&aws.secret_string(&etl.secret_id).expect("text")).expect("an object"),
    );
    assert_ne!(was.remove("client_secret"), is.remove("client_secret"));
    assert_eq!(was, is, "the neighbours are untouched");
    assert_eq!(is["ratio"], "1.10");
}

#[test]
fn a_restart_before_the_write_does_not_help() {
    let (issuer, id, _, aws, etl) = installed();
    issuer.refresh_behind(&id);
    eventually("it is cut off", || !issuer.runner(&id).connected);
    restart(&aws, &etl);
    eventually("both containers started", || issuer.runner(&id).starts == 2);
    std::thread::sleep(Duration::from_millis(60));
    assert!(!issuer.runner(&id).connected);
}
