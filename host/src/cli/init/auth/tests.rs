use std::path::PathBuf;

use serde_json::json;

use super::*;
use crate::config::{self, Auth, AzureMethod, Config, Snowflake};

const ISSUER: &str =
    "[matillion]\nregion = \"eu1\"\nclient_id = \"id\"\nclient_secret = { env = \"S\" }\n";

fn asked(name: &str, settings: Value, hosts: &[&str], answers: &str) -> Block {
    let settings = settings.as_object().cloned().unwrap_or_default();
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut input = answers.as_bytes();
    let block = ask(&mut Questions::new(&mut input), name, &settings, &hosts);
    let block = block.unwrap_or_else(|error| panic!("{}", error.error));
    assert!(input.is_empty(), "answers that nobody asked for");
    block
}

fn loaded(block: &str) -> Config {
    let config = config::parse(
        PathBuf::from("/etc/keyferry.toml"),
        &format!("{ISSUER}{block}"),
    );
    config.unwrap_or_else(|error| panic!("{error}\n{block}"))
}

/// The block with every commented key in force.
fn uncommented(block: &str) -> String {
    let lines = block.lines().map(|line| match line.strip_prefix("# ") {
        Some(key) if key.contains(" = ") => key,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn aws_and_azure_need_no_answer_and_every_comment_can_be_put_in_force() {
    for name in ["aws", "azure"] {
        let block = asked(name, json!({}), &[], "");
        assert!(block.variables.is_empty());
        let plain = loaded(&block.text).auth.remove(name);
        let full = loaded(&uncommented(&block.text)).auth.remove(name);
        match (plain, full) {
            (
                Some(Auth::Aws { profile, role_arn }),
                Some(Auth::Aws {
                    profile: p,
                    role_arn: r,
                }),
            ) => {
                assert!(profile.is_none() && role_arn.is_none() && p.is_some() && r.is_some());
            }
            (Some(Auth::Azure(plain)), Some(Auth::Azure(full))) => {
                assert_eq!((plain.method, full.method), (None, Some(AzureMethod::Cli)));
                assert!(plain.token_file.is_none() && full.token_file.is_some());
            }
            other => panic!("{other:?}"),
        }
        for method in AzureMethod::all().filter(|_| name == "azure") {
            assert!(block.text.contains(method.name()), "{}", method.name());
        }
    }
}

#[test]
fn snowflake_by_key_pair_takes_the_account_of_the_settings() {
    let settings = json!({ "account": "myorg-a1" });
    let block = asked("snowflake", settings, &[], "\n\nKEYFERRY\n/etc/key.p8\n");
    assert!(block.variables.is_empty());
    let Some(Auth::Snowflake(pair)) = loaded(&uncommented(&block.text)).auth.remove("snowflake")
    else {
        panic!("{}", block.text)
    };
    let Snowflake::KeyPair {
        account,
        user,
        passphrase,
        ..
    } = *pair
    else {
        panic!("{}", block.text)
    };
    assert_eq!((account.as_str(), user.as_str()), ("myorg-a1", "KEYFERRY"));
    assert!(passphrase.is_some());
}

#[test]
fn snowflake_by_token_names_the_variable() {
    for (method, variable) in [("oauth", "TOKEN_A"), ("access-token", "SNOWFLAKE_TOKEN")] {
        // A token in the place of the variable's name is not taken, and not said again.
        let block = asked(
            "snowflake",
            json!({}),
            &[],
            &format!("{method}\neyJ0\n{variable}\n"),
        );
        assert_eq!(block.variables, [variable]);
        let read = loaded(&block.text).auth.remove("snowflake");
        let expected = config::SecretSource::Env(variable.to_owned());
        let expected = match method {
            "oauth" => Snowflake::OAuth(expected),
            _ => Snowflake::AccessToken(expected),
        };
        assert_eq!(read, Some(Auth::Snowflake(Box::new(expected))));
    }
}

#[test]
fn any_other_name_is_of_the_kind_that_the_operator_says() {
    let hosts = ["vault.example.com", "vault.example.com:8200"];
    let block = asked(
        "my-vault",
        json!({}),
        &hosts,
        "header\nX-Vault-Token\n\n\n\n",
    );
    assert_eq!(block.variables, ["MY_VAULT_TOKEN"]);
    match loaded(&block.text).auth.remove("my-vault") {
        Some(Auth::Header {
            name,
            prefix,
            hosts: own,
            ..
        }) => {
            assert_eq!((name.as_str(), prefix.as_str()), ("X-Vault-Token", ""));
            assert_eq!(own, hosts);
        }
        other => panic!("{other:?}"),
    }
    let block = asked("a.b", json!({}), &["x.org"], "\n\n\n\n\n");
    assert_eq!(block.variables, ["A_B_TOKEN"]);
    match loaded(&block.text).auth.remove("a.b") {
        Some(Auth::Header { prefix, .. }) => assert_eq!(prefix, "Bearer "),
        other => panic!("{other:?}"),
    }
    let block = asked("store", json!({}), &[], "basic\nme\n\nstore.example.com\n");
    assert_eq!(block.variables, ["STORE_PASSWORD"]);
    match loaded(&block.text).auth.remove("store") {
        Some(Auth::Basic { user, hosts, .. }) => {
            assert_eq!(user, "me");
            assert_eq!(hosts, ["store.example.com"]);
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        loaded(&asked("eu", json!({}), &[], "aws\n").text)
            .auth
            .get("eu"),
        Some(Auth::Aws { .. })
    ));
}
