mod gates;

use serde_json::{Value, json};

use super::encode::encode;
use super::{Mock, Reply};
use crate::{
    CommandNeed, Credential, Encoding, Failure, FileNeed, Host, HttpNeed, Manifest, Plan, Receipt,
    Rollout, Sink, Target, Unanswered, Workload,
};

/// What the tests ask the host through.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Settings {
    region: String,
    name: String,
    extra: Option<String>,
    #[serde(default = "seven")]
    count: u32,
}

fn seven() -> u32 {
    7
}

struct Probe;

impl Sink for Probe {
    type Settings = Settings;

    fn describe() -> Manifest {
        let url = "https://store.{region}.example.com/v1/{name}";
        Manifest::new("probe", "0.1.0", "For tests")
            .need(
                HttpNeed::get(url)
                    .seals("/text/#/*")
                    .seals("/text")
                    .seals("/list/*/value"),
            )
            .need(
                HttpNeed::put(url)
                    .header("x-op", "Put")
                    .body("/id", "{name}")
                    .body("/count", "{count}")
                    .body("/on", "true")
                    .body("/key", "{attempt}")
                    .body("/value", "*")
                    .carries_secret(),
            )
            .need(
                HttpNeed::post(url)
                    .body("/sql", "ALTER SECRET s SET SECRET_STRING = '{token}'")
                    .carries_secret(),
            )
            .need(HttpNeed::get("https://prefix.example.com/a/*?*"))
            .need(HttpNeed::get("https://extra.example.com/{extra}"))
            .need(FileNeed::replace("values", "/srv/{name}.yaml").carries_secret())
            .need(FileNeed::read("chart", "/srv/Chart.yaml"))
            .need(FileNeed::read("nowhere", "/srv/{extra}"))
            .need(
                CommandNeed::new("list", ["helm", "list", "{name}", "--x={extra}"])
                    .seals("/*/secret"),
            )
    }

    fn check(_: &dyn Host, _: &Target<Settings>, _: &Credential) -> Result<Plan, Failure> {
        Err(Failure::rejected("unused"))
    }

    fn write(_: &dyn Host, _: &Target<Settings>, _: &Credential) -> Result<Receipt, Failure> {
        Err(Failure::rejected("unused"))
    }

    fn verify(_: &dyn Host, _: &Target<Settings>, _: &Credential) -> Result<Receipt, Failure> {
        Err(Failure::rejected("unused"))
    }

    fn restart(_: &dyn Host, _: &Target<Settings>, _: &Receipt) -> Result<Workload, Failure> {
        Err(Failure::rejected("unused"))
    }

    fn observe(_: &dyn Host, _: &Target<Settings>, _: &Workload) -> Result<Rollout, Failure> {
        Err(Failure::rejected("unused"))
    }
}

const URL: &str = "https://store.eu.example.com/v1/a%20b";
const SECRET: &str = "s\"e\\c'r{{e}}t-é%";

fn mock() -> Mock {
    Mock::of::<Probe>(json!({ "region": "eu", "name": "a b" }))
}

fn read(mock: &Mock) -> Value {
    let host: &dyn Host = mock;
    host.get(URL)
        .send()
        .expect("an answer")
        .json()
        .expect("JSON")
}

fn put_body(mock: &Mock) -> Value {
    let attempt = mock.target::<Probe>().attempt;
    json!({ "id": "a b", "count": 7, "on": true, "key": attempt })
}

fn put(mock: &Mock, body: &Value) -> Result<crate::Response, Unanswered> {
    let host: &dyn Host = mock;
    host.put(URL).header("x-op", "Put").json(body).send()
}

#[test]
fn encodings_are_applied_first_to_last() {
    use Encoding::{Base64, Json, Sql, Uri};
    for (encodings, expected) in [
        (&[][..], SECRET),
        (&[Json], r#"s\"e\\c'r{{e}}t-é%"#),
        (&[Json, Json], r#"s\\\"e\\\\c'r{{e}}t-é%"#),
        (&[Sql], r#"s"e\\c''r{{e}}t-é%"#),
        (&[Uri], "s%22e%5Cc%27r%7B%7Be%7D%7Dt-%C3%A9%25"),
        (&[Base64], "cyJlXGMncnt7ZX19dC3DqSU="),
    ] {
        assert_eq!(encode(SECRET, encodings), expected, "{encodings:?}");
    }
    assert_eq!(encode("", &[Base64]), "");
    assert_eq!(encode("a", &[Base64]), "YQ==");
    assert_eq!(encode("abc", &[Base64]), "YWJj");
}

#[test]
fn a_token_goes_out_as_the_value_and_comes_back_as_a_token() {
    let mock = mock();
    let credential = mock.credential("id", SECRET);
    let token = credential.client_secret.token(&[Encoding::Json]);
    assert_eq!(
        token,
        credential.client_secret.token(&[Encoding::Json]),
        "tokens are stable"
    );
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    mock.on("PUT", URL)
        .with(|sent| Ok(Reply::json(200, json!({ "echo": sent.json()["value"] }))));

    let mut body = put_body(&mock);
    body["value"] = Value::from(token);
    let answer = put(&mock, &body).expect("allowed");
    assert_eq!(mock.requests()[0].json()["value"], SECRET);
    let answer: Value = answer.json().expect("JSON");
    let echo = answer["echo"].as_str().expect("a string");
    assert!(credential.client_secret.matches(echo));
    assert!(!echo.contains("s\\"));
    assert!(
        !credential.client_secret.matches(SECRET),
        "only tokens match"
    );
    assert_eq!(
        format!("{credential:?}"),
        "Credential { client_id: \"id\", client_secret: Secret }"
    );
}

#[test]
fn known_values_are_found_in_every_form() {
    let mock = mock();
    let credential = mock.credential("id", SECRET);
    let inner = json!({ "s": SECRET }).to_string();
    for form in [
        json!({ "a": SECRET }),
        json!({ "a": format!("x{SECRET}y") }),
        json!({ "a": inner }),
        json!({ "a": encode(SECRET, &[Encoding::Uri]) }),
        json!({ "a": encode(SECRET, &[Encoding::Base64]) }),
        json!({ "a": encode(SECRET, &[Encoding::Sql]) }),
    ] {
        mock.on("GET", URL).once().json(200, form.clone());
        let shown = read(&mock).to_string();
        assert!(shown.contains("kfMockToken"), "{form} is shown as {shown}");
        assert_eq!(mock.vault.borrow().unseal(&shown), form.to_string());
    }
    drop(credential);
}

#[test]
fn sealed_fields_become_tokens_and_go_back_as_they_were() {
    let mock = mock();
    let credential = mock.credential("id", SECRET);
    let document = json!({ "id": "id", "text": "with \"quotes\"", "n": 1.50, "deep": { "a": [true, "q\""] }, "s": SECRET });
    let cases = [
        json!({ "text": document.to_string() }),
        json!({ "text": "a plain \\ string" }),
        json!({ "text": 5 }),
        json!({ "list": [{ "value": "one" }, { "value": null }] }),
    ];
    for case in cases {
        mock.on("GET", URL).once().json(200, case.clone());
        let shown = read(&mock).to_string();
        for hidden in ["quotes", "1.5", "deep\\\":{", "plain", "one", "null", ":5"] {
            assert!(!shown.contains(hidden), "{shown} shows {hidden}");
        }
        assert_eq!(mock.vault.borrow().unseal(&shown), case.to_string());
    }
    mock.on("GET", URL)
        .json(200, json!({ "text": document.to_string() }));
    let shown = read(&mock);
    let inner: Value =
        serde_json::from_str(shown["text"].as_str().expect("text")).expect("JSON in it");
    assert_eq!(inner["id"], "id", "the target's client id stays readable");
    assert!(
        credential
            .client_secret
            .matches(inner["s"].as_str().expect("a token"))
    );
    assert!(
        !credential
            .client_secret
            .matches(inner["text"].as_str().expect("a token"))
    );
}
