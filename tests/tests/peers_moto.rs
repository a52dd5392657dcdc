//! moto and boto3, which nobody here wrote: the harness works, and boto3 finds our own stand-in
//! to be the AWS it expects.

use keyferry_tests::aws::{Aws, Operation};
use keyferry_tests::client;
use keyferry_tests::moto::Moto;
use keyferry_tests::moto::boto::{Boto, Call};
use serde_json::{Value, json};

const TOKEN: &str = "11111111-1111-4111-8111-111111111111";

fn put(secret_id: &str, value: &str) -> Call<'static> {
    Call {
        service: "secretsmanager",
        method: "put_secret_value",
        arguments: json!({
            "SecretId": secret_id, "SecretString": value, "ClientRequestToken": TOKEN,
        }),
    }
}

fn update() -> Call<'static> {
    Call {
        service: "ecs",
        method: "update_service",
        arguments: json!({ "cluster": "etl", "service": "runner", "forceNewDeployment": true }),
    }
}

#[test]
fn moto_is_seeded_changed_and_read_back() {
    let Some(moto) = Moto::start_or_skip() else {
        return;
    };
    let etl = moto.seed_etl("r1", "id", "se\"cret").expect("seeded");
    let stored: Value =
        serde_json::from_str(&moto.secret_string(&etl.secret_id).expect("stored")).expect("JSON");
    assert_eq!(
        (&stored["client_secret"], &stored["port"]),
        (&json!("se\"cret"), &json!(5432))
    );
    let before = moto.service(&etl).expect("a service");
    assert_eq!(before["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(before["runningCount"], 2);

    // Our own client's signature, read by moto.
    let body = json!({
        "SecretId": etl.secret_id, "SecretString": "new", "ClientRequestToken": TOKEN,
    });
    let operation = Operation::PutSecretValue;
    let answer = client::send_aws(
        moto.origin(),
        moto.keys(),
        moto.region(),
        operation.signing_name(),
        &operation.target(),
        &body,
    );
    assert_eq!(answer.expect("an answer").status, 200);
    moto.boto().call(update()).expect("updated");

    assert_eq!(moto.secret_string(&etl.secret_id).expect("stored"), "new");
    let versions = moto.versions(&etl.secret_id).expect("versions");
    let stages = |id: &str| {
        let mut all = versions.as_array().expect("a list").iter();
        all.find(|version| version["VersionId"] == id)
            .map(|v| v["VersionStages"].clone())
    };
    assert_eq!(stages(TOKEN), Some(json!(["AWSCURRENT"])));
    let after = moto.service(&etl).expect("a service");
    assert_ne!(
        after["deployments"][0]["id"],
        before["deployments"][0]["id"]
    );
}

#[test]
fn moto_enforces_signature_and_rights_when_told_to() {
    let Some(mut moto) = Moto::start_or_skip() else {
        return;
    };
    let etl = moto.seed_etl("r1", "id", "old").expect("seeded");
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*" },
        ],
    });
    let limited = moto
        .enforce_rights(&policy)
        .expect("rights are checked now");
    let boto = Boto {
        keys: &limited,
        ..moto.boto()
    };
    let get = || Call {
        service: "secretsmanager",
        method: "get_secret_value",
        arguments: json!({ "SecretId": etl.secret_id }),
    };
    boto.call(get()).expect("allowed");
    let denied = boto
        .call(put(&etl.secret_id, "x"))
        .expect_err("denied")
        .to_string();
    // moto refuses in XML, which boto3 does not expect of a JSON service.
    assert!(denied.contains("<Code>AccessDenied</Code>"), "{denied}");
    let mut wrong = limited.clone();
    wrong.secret.push('x');
    let refused = Boto {
        keys: &wrong,
        ..moto.boto()
    }
    .call(get())
    .expect_err("refused");
    assert!(
        refused
            .to_string()
            .contains("<Code>SignatureDoesNotMatch</Code>"),
        "{refused}"
    );
    assert!(
        moto.secret_string(&etl.secret_id).is_ok(),
        "the administrator still reads"
    );
}

#[test]
fn moto_ends_with_its_handle() {
    let Some(moto) = Moto::start_or_skip() else {
        return;
    };
    let (id, origin) = (moto.id(), moto.origin().to_owned());
    drop(moto);
    assert!(!std::fs::exists(format!("/proc/{id}")).expect("readable"));
    assert!(client::send("GET", &origin, &[], b"").is_err());
}

#[test]
fn boto3_finds_our_stand_in_to_be_the_aws_it_expects() {
    let Some(moto) = Moto::start_or_skip() else {
        return;
    };
    let aws = Aws::start().expect("a stand-in");
    let etl = aws.seed_etl("r1", "id", "old");
    let (origin, region, keys) = (aws.origin(), aws.region(), aws.use_session_token());
    let boto = Boto {
        venv: moto.venv(),
        origin: &origin,
        region: &region,
        keys: &keys,
    };
    let call = |service, method, arguments| Call {
        service,
        method,
        arguments,
    };
    let secret = || json!({ "SecretId": etl.secret_id });
    let services = json!({ "cluster": "etl", "services": ["runner"] });
    let definition = json!({ "taskDefinition": etl.task_definition });
    let answers = boto
        .calls(&[
            put(&etl.secret_id, "nëw"),
            put(&etl.secret_id, "nëw"),
            put(&etl.secret_id, "other"),
            call("secretsmanager", "get_secret_value", secret()),
            call("secretsmanager", "list_secret_version_ids", secret()),
            call("secretsmanager", "describe_secret", secret()),
            call("ecs", "describe_services", services),
            call("ecs", "describe_task_definition", definition),
            update(),
            call(
                "secretsmanager",
                "get_secret_value",
                json!({ "SecretId": "none" }),
            ),
        ])
        .expect("boto3 ran");
    let ok = |index: usize| answers[index].as_ref().expect("an answer");
    let code = |index: usize| answers[index].as_ref().expect_err("refused").to_string();
    assert_eq!(ok(0)["VersionId"], TOKEN);
    assert_eq!(ok(1)["VersionId"], TOKEN);
    assert!(
        code(2).starts_with("ResourceExistsException"),
        "{}",
        code(2)
    );
    assert_eq!(ok(3)["SecretString"], "nëw");
    assert_eq!(ok(4)["Versions"].as_array().map(Vec::len), Some(2));
    assert_eq!(ok(5)["VersionIdsToStages"][TOKEN], json!(["AWSCURRENT"]));
    assert_eq!(ok(6)["services"][0]["runningCount"], 2);
    let container = &ok(7)["taskDefinition"]["containerDefinitions"][0];
    assert_eq!(container["secrets"][1]["name"], "OAUTH_CLIENT_SECRET");
    assert_eq!(ok(8)["service"]["deployments"][0]["status"], "PRIMARY");
    assert!(
        code(9).starts_with("ResourceNotFoundException"),
        "{}",
        code(9)
    );

    let mut wrong = keys.clone();
    wrong.secret.push('x');
    let refused = Boto {
        keys: &wrong,
        ..boto
    }
    .call(update())
    .expect_err("refused");
    assert!(
        refused.to_string().starts_with("SignatureDoesNotMatch"),
        "{refused}"
    );
}
