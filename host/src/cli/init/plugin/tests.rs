use serde_json::json;

use super::*;
use crate::policy::{Access, CommandNeed, FileNeed, HttpNeed};

const CONFIG: &str = "/etc/keyferry.toml";
const HEAD: &str =
    "[matillion]\nregion = \"eu1\"\nclient_id = \"id\"\nclient_secret = { env = \"S\" }\n";

fn http(url: &str, auth: Option<&str>) -> Need {
    Need::Http(HttpNeed {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        auth: auth.map(str::to_owned),
        carries_secret: false,
        seals: Vec::new(),
        reason: "to see".to_owned(),
    })
}

fn file(path: &str) -> Need {
    Need::File(FileNeed {
        name: "file".to_owned(),
        path: path.to_owned(),
        access: Access::Read,
        carries_secret: false,
        seals: Vec::new(),
        reason: "to see".to_owned(),
    })
}

fn sink(needs: Vec<Need>) -> Description {
    let properties = json!({ "etc": { "default": "/etc/own" }, "absent": { "default": null } });
    Description {
        name: "own".to_owned(),
        version: "0.1.0".to_owned(),
        summary: "a sink".to_owned(),
        settings_schema: json!({ "properties": properties }),
        needs,
    }
}

fn settings(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

#[test]
fn every_credential_is_asked_for_once_with_its_hosts() {
    let sink = sink(vec![
        http("https://{place}.example.com/a", Some("vault")),
        http("https://public.example.com/", None),
        http("https://{place}.example.com/b?x={place}", Some("vault")),
        http("https://example.com:8200/*", Some("vault")),
        http("https://{absent}.example.com/", Some("other")),
    ]);
    let given = json!({ "place": "eu" });
    let found = credentials(&sink, &names(&sink, settings(&given), "id"));
    let hosts = |hosts: &[&str]| hosts.iter().map(|host| (*host).to_owned()).collect();
    let vault = hosts(&["eu.example.com", "example.com:8200"]);
    assert_eq!(
        found,
        [
            ("vault".to_owned(), vault),
            ("other".to_owned(), Vec::new())
        ]
    );
}

#[test]
fn each_folder_is_asked_for_once_and_only_for_files_that_there_are() {
    let command = Need::Command(CommandNeed {
        name: "tool".to_owned(),
        argv: vec!["tool".to_owned()],
        directory: None,
        seals: Vec::new(),
        reason: "to see".to_owned(),
    });
    let files = ["{a}", "/srv/b.yaml", "{etc}/c", "{absent}/d", "here"].map(file);
    let sink = sink(files.into_iter().chain([command]).collect());
    let given = json!({ "a": "/srv/a.yaml" });
    let names = names(&sink, settings(&given), "id");
    let mut input = "\n/etc\n\n".as_bytes();
    let questions = &mut Questions::new(&mut input);
    let text =
        section(questions, "own.wasm", &sink, &names).unwrap_or_else(|e| panic!("{}", e.error));
    assert!(input.is_empty(), "a question too few");
    let config = check(Path::new(CONFIG), &format!("{HEAD}{text}")).expect("a config");
    let plugin = &config.plugins["own"];
    assert_eq!(plugin.folders, ["/srv", "/etc", "/etc/."].map(Path::new));
    assert_eq!(plugin.environment, ["PATH", "HOME", "KUBECONFIG"]);
}

#[test]
fn names_that_the_config_cannot_take_are_seen_at_once() {
    let checked = |auth: &str| {
        let sink = sink(vec![http("https://example.com/", Some(auth))]);
        check(Path::new(CONFIG), &format!("{HEAD}{}", named(&sink))).map(|_| ())
    };
    assert_eq!(checked("my.vault-2"), Ok(()));
    for wrong in ["", "my vault", "a]\n[x", "\"quoted\""] {
        let problem = checked(wrong).expect_err(wrong);
        assert!(problem.contains("can't be a name"), "{problem}");
    }
}
