//! Files as operators write them, right and wrong.

mod auths;
mod excerpts;
mod locate;
mod mistakes;
mod mistakes_issuer;
mod mistakes_other;
mod mistakes_runner;
mod reference;
mod secret_source;
mod units;
mod whole;

use std::path::PathBuf;

use super::{Config, ConfigError, Mistake, parse};

const ISSUER: &str =
    "[matillion]\nregion = \"eu1\"\nclient_id = \"id\"\nclient_secret = { env = \"S\" }\n";
const PLUGIN: &str = "[plugins.aws-ecs]\npath = \"plugins/aws-ecs.wasm\"\n";
const RUNNER: &str =
    "[runners.etl]\nid = \"3fa85f64-5717-4562-b3fc-2c963f66afa6\"\nplugin = \"aws-ecs\"\n";

fn read(text: &str) -> Result<Config, ConfigError> {
    parse(PathBuf::from("/etc/keyferry/keyferry.toml"), text)
}

fn good(text: &str) -> Config {
    read(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn mistake(text: &str) -> Mistake {
    match read(text) {
        Err(ConfigError::Invalid(mistake)) => *mistake,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("nothing is wrong with\n{text}"),
    }
}
