use serde_json::{Map, Value, json};

use super::template::{Piece, parse};
use super::*;
use crate::seal::{KnownSecret, Seal};
use crate::secret::SecretString;

fn http(url: &str) -> HttpNeed {
    HttpNeed {
        method: "POST".into(),
        url: url.into(),
        headers: vec![("X-Op".into(), "put".into())],
        body: vec![
            ("/id".into(), "{secret}".into()),
            ("/text".into(), "*".into()),
            ("/list/0".into(), "{secret}".into()),
        ],
        auth: None,
        carries_secret: true,
        seals: vec![],
        reason: "test".into(),
    }
}

fn grant_of(need: HttpNeed, settings: Value) -> Result<Grant, GrantError> {
    let Value::Object(settings) = settings else {
        panic!("settings are an object")
    };
    Grant::new(
        &Approved(vec![Need::Http(need)]),
        &settings,
        "runner",
        "attempt",
    )
}

fn ask(grant: &Grant, url: &str, headers: &[(&str, &str)], body: &str) -> Result<(), String> {
    let url = url::Url::parse(url).unwrap();
    let headers: Vec<_> = headers
        .iter()
        .map(|(n, v)| ((*n).into(), (*v).into()))
        .collect();
    let asked = Asked {
        method: "POST",
        url: &url,
        headers: &headers,
        body: body.as_bytes(),
    };
    authorize(grant, &asked, &Seal::new(vec![]))
        .map(|_| ())
        .map_err(|refused| refused.0)
}

const BODY: &str = r#"{"id":"s1","text":{"any":[1]},"list":["s1"]}"#;
const OP: &[(&str, &str)] = &[("x-op", "put")];

#[test]
fn a_request_as_approved_and_every_way_to_differ() {
    let grant = grant_of(
        http("https://api.{region}.example.com/v1/{secret}?op=x"),
        json!({"region": "eu", "secret": "s1"}),
    )
    .unwrap();
    let url = "https://api.eu.example.com/v1/s1?op=x";
    ask(&grant, url, OP, BODY).unwrap();
    ask(
        &grant,
        url,
        &[
            ("X-OP", "put"),
            ("Accept", "a/b"),
            ("content-type", "application/json"),
        ],
        BODY,
    )
    .unwrap();
    ask(
        &grant,
        "https://API.eu.example.com:443/v1/s1?op=x",
        OP,
        BODY,
    )
    .unwrap();
    for (url, headers, body, says) in [
        ("https://api.us.example.com/v1/s1?op=x", OP, BODY, "host"),
        (
            "https://api.eu.example.com.evil.test/v1/s1?op=x",
            OP,
            BODY,
            "host",
        ),
        ("http://api.eu.example.com/v1/s1?op=x", OP, BODY, "https"),
        (
            "https://api.eu.example.com:8443/v1/s1?op=x",
            OP,
            BODY,
            "port",
        ),
        (
            "https://api.eu.example.com/v1/s1/../s2?op=x",
            OP,
            BODY,
            "path",
        ),
        (
            "https://api.eu.example.com/v1/s1%2F..?op=x",
            OP,
            BODY,
            "path",
        ),
        (
            "https://api.eu.example.com/v1/s1?op=x&more=1",
            OP,
            BODY,
            "query",
        ),
        (url, &[], BODY, "missing"),
        (url, &[("x-op", "get")], BODY, "only"),
        (url, &[("x-op", "put"), ("X-Op", "get")], BODY, "twice"),
        (
            url,
            &[("x-op", "put"), ("authorization", "mine")],
            BODY,
            "authorization",
        ),
        (
            url,
            &[("x-op", "put"), ("range", "bytes=0-3")],
            BODY,
            "range",
        ),
        (url, OP, "", "JSON"),
        (url, OP, r#"{"id":"s2","text":1,"list":["s1"]}"#, "/id"),
        (
            url,
            OP,
            r#"{"id":"s1","text":1,"list":["s1","s2"]}"#,
            "/list/1",
        ),
        (
            url,
            OP,
            r#"{"id":"s1","text":1,"list":["s1"],"taskDefinition":"evil"}"#,
            "taskDefinition",
        ),
        (
            url,
            OP,
            r#"{"id":"s1","id":"s2","text":1,"list":["s1"]}"#,
            "twice",
        ),
        (
            url,
            OP,
            r#"{"id":"s2","\u0069d":"s1","text":1,"list":["s1"]}"#,
            "twice",
        ),
        (url, OP, r#"{"id":"s1","text":1}"#, "/list/0"),
        (url, OP, r#"["s1"]"#, "lacks"),
    ] {
        let refused = ask(&grant, url, headers, body).unwrap_err();
        assert!(refused.contains(says), "{url} {body}: {refused}");
    }
}

#[test]
fn a_prefix_is_not_climbed_out_of() {
    let mut need = http("https://h.example.com/v1/statements/*");
    (need.headers, need.body) = (vec![], vec![]);
    let grant = grant_of(need, json!({})).unwrap();
    let url = |rest: &str| format!("https://h.example.com/v1/statements/{rest}");
    ask(&grant, &url("01b2-c3"), &[], "").unwrap();
    for rest in [
        "../admin",
        "%2e%2e/admin",
        "..%2fadmin",
        "x%2F..%2F..%2Fadmin",
        "%252e%252e/admin",
        "..\\admin",
    ] {
        ask(&grant, &url(rest), &[], "").unwrap_err();
    }
}

#[test]
fn settings_cannot_move_the_borders_of_a_template() {
    let need = || http("https://{host}.example.com/v1/{secret}/x");
    for host in [
        "evil.test/",
        "a@evil.test",
        "evil.test#",
        "a:1",
        "",
        "a b",
        "é",
    ] {
        assert!(
            grant_of(need(), json!({"host": host, "secret": "s"})).is_err(),
            "{host}"
        );
    }
    for (secret, path) in [
        ("a/../b", "/v1/a%2F..%2Fb/x"),
        ("..", "/v1/%2E%2E/x"),
        ("a?b#c", "/v1/a%3Fb%23c/x"),
    ] {
        let grant = grant_of(need(), json!({"host": "h", "secret": secret})).unwrap();
        assert_eq!(grant.http[0].path, PathRule::Exact(path.into()));
    }
    let mut star = http("https://h.example.com/v1/{secret}");
    star.body.clear();
    let grant = grant_of(star, json!({"secret": "*"})).unwrap();
    assert_eq!(grant.http[0].path, PathRule::Exact("/v1/%2A".into()));
}

#[test]
fn a_need_whose_setting_is_absent_does_not_exist() {
    let grant = grant_of(http("https://h.example.com/{secret}"), json!({})).unwrap();
    assert!(grant.http.is_empty());
    let refused = ask(&grant, "https://h.example.com/x", OP, BODY).unwrap_err();
    assert!(refused.contains("no approved need"), "{refused}");
}

#[test]
fn needs_that_no_host_grants() {
    for url in [
        "http://h/",
        "https://h",
        "https://u@h/",
        "https://*.h/",
        "https:///",
        "https://h/{",
        "https://h/}x",
        "https://{}/",
        "ftp://h/",
    ] {
        assert!(check_shape(&[Need::Http(http(url))]).is_err(), "{url}");
    }
    let mut hostile = http("https://h/");
    hostile
        .headers
        .push(("X-Amz-Security-Token".into(), "*".into()));
    assert!(check_shape(&[Need::Http(hostile)]).is_err());
    let command = |argv: &[&str]| {
        Need::Command(CommandNeed {
            name: "c".into(),
            argv: argv.iter().map(|a| (*a).into()).collect(),
            directory: None,
            seals: vec![],
            reason: "r".into(),
        })
    };
    assert!(check_shape(&[command(&["{program}", "x"])]).is_err());
    assert!(check_shape(&[command(&[])]).is_err());
    assert!(check_shape(&[command(&["helm", "{release}"])]).is_ok());
}

#[test]
fn arguments_keep_options_and_control_characters_out() {
    let command = CommandNeed {
        name: "c".into(),
        argv: ["helm", "{release}", "--context={context}", "{{x}}"]
            .map(String::from)
            .to_vec(),
        directory: None,
        seals: vec![],
        reason: "r".into(),
    };
    let fill = |settings: Value| {
        let settings: Map<String, Value> = settings.as_object().unwrap().clone();
        Grant::new(
            &Approved(vec![Need::Command(command.clone())]),
            &settings,
            "r",
            "a",
        )
    };
    let grant = fill(json!({"release": "rel"})).unwrap();
    assert_eq!(grant.commands[0].need.argv, ["helm", "rel", "{x}"]);
    let grant = fill(json!({"release": "rel", "context": "-c"})).unwrap();
    assert_eq!(grant.commands[0].need.argv[2], "--context=-c");
    assert!(fill(json!({"release": "--post-renderer=/x"})).is_err());
    assert!(fill(json!({"release": "a\nb"})).is_err());
    assert!(fill(json!({"release": "a\u{0}b"})).is_err());
}

#[test]
fn a_statement_is_pinned_around_exactly_one_token() {
    let mut seal = Seal::new(vec![]);
    let id = seal.know(KnownSecret::new(&SecretString::new("value-1".into())));
    let token = seal.token(id, &[]).unwrap();
    let mut need = http("https://h.example.com/");
    need.headers.clear();
    need.body = vec![(
        "/statement".into(),
        "ALTER SECRET {secret} SET SECRET_STRING = '{token}'".into(),
    )];
    let grant = grant_of(need.clone(), json!({"secret": "db.s"})).unwrap();
    let url = url::Url::parse("https://h.example.com/").unwrap();
    let ask = |statement: String| {
        let body = json!({ "statement": statement }).to_string();
        let asked = Asked {
            method: "POST",
            url: &url,
            headers: &[],
            body: body.as_bytes(),
        };
        authorize(&grant, &asked, &seal).is_ok()
    };
    assert!(ask(format!(
        "ALTER SECRET db.s SET SECRET_STRING = '{token}'"
    )));
    assert!(!ask("ALTER SECRET db.s SET SECRET_STRING = 'x'".into()));
    assert!(!ask(format!(
        "ALTER SECRET db.s SET SECRET_STRING = '{token}'; DROP TABLE x; --'"
    )));
    assert!(!ask(format!(
        "ALTER SECRET other SET SECRET_STRING = '{token}'"
    )));
    assert!(grant_of(need, json!({"secret": "x{token}"})).is_err());
}

#[test]
fn templates_are_taken_apart() {
    assert_eq!(
        parse("a{b}{{c}}").unwrap(),
        [
            Piece::Text("a".into()),
            Piece::Name("b"),
            Piece::Text("{c}".into())
        ]
    );
    assert!(parse("a{b c}").is_err() && parse("{b").is_err() && parse("b}").is_err());
}

#[test]
fn an_approval_is_pinned_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = Lock::path_beside(&folder.path().join("keyferry.toml"));
    let mut description = Description {
        name: "sink".into(),
        version: "1.2.3".into(),
        summary: String::new(),
        settings_schema: json!({}),
        needs: vec![
            Need::Http(http("https://h.example.com/")),
            Need::File(FileNeed {
                name: "values".into(),
                path: "{values}".into(),
                access: Access::Replace,
                carries_secret: true,
                seals: vec!["/a/*".into()],
                reason: "because \"quotes\"".into(),
            }),
        ],
    };
    let mut lock = Lock::load(&path).unwrap();
    assert!(matches!(
        lock.check("p", "aa", &description.needs),
        Err(Difference::Unknown { .. })
    ));
    lock.approve("p", "aa", &description).unwrap();
    let lock = Lock::load(&path).unwrap();
    assert_eq!(
        lock.check("p", "aa", &description.needs).unwrap().get(),
        &description.needs
    );
    let other = lock
        .check("p", "bb", &description.needs)
        .err()
        .unwrap()
        .to_string();
    assert!(
        other.contains("bb") && other.contains("keyferry plugins approve p"),
        "{other}"
    );
    description
        .needs
        .push(Need::Http(http("https://more.example.com/")));
    let more = lock
        .check("p", "aa", &description.needs)
        .err()
        .unwrap()
        .to_string();
    assert!(
        more.contains("+ POST https://more.example.com/") && !more.contains("- POST"),
        "{more}"
    );

    std::fs::write(&path, "version = 2\n[[plugin]]\nnew = 1\n").unwrap();
    assert!(matches!(
        Lock::load(&path),
        Err(LockError::Newer { found: 2, .. })
    ));
    std::fs::write(&path, "version = 1\nwrong = 2\n").unwrap();
    assert!(matches!(
        Lock::load(&path),
        Err(LockError::Malformed { .. })
    ));
}
