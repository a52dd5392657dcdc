//! `keyferry init`: a first config, from a few questions.

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::exit::{CliError, CliResult, Exit, fail};

/// Arguments of `init`.
#[derive(Args)]
pub struct Init {
    /// Replace a config that is there
    #[arg(long)]
    force: bool,
}

impl Init {
    pub fn run(&self, global: &Global) -> CliResult {
        let path = global
            .config
            .clone()
            .unwrap_or_else(|| PathBuf::from("keyferry.toml"));
        if path.exists() && !self.force {
            return Err(fail(
                Exit::Failed,
                format!(
                    "{} is there already; say --force to replace it",
                    path.display()
                ),
            ));
        }
        eprintln!("A few questions; Enter takes what is in brackets. No secret is asked for.\n");
        let region = choose("Region of your Matillion account", &["eu1", "us1", "au1"])?;
        let client_id = ask(
            "Client id of your API credential (Admin or Super Admin)",
            "",
            word,
        )?;
        let variable = ask(
            "Environment variable that will hold its secret",
            "MATILLION_CLIENT_SECRET",
            variable,
        )?;
        let name = ask("A short name for the runner", "etl-prod", plain)?;
        let id = ask("The runner's id (a UUID, from its page)", "", uuid)?;
        let drain = choose(
            "Before it is cut off: refuse if pipelines run, wait, or pause it",
            &["require-idle", "wait", "pause"],
        )?;
        eprintln!(
            "\nThe runner runs as an ECS service and reads its secret from AWS Secrets Manager."
        );
        let plugin = ask(
            "Path of the aws-ecs component",
            "target/plugins/aws-ecs.wasm",
            word,
        )?;
        let aws_region = ask("AWS region", "eu-west-1", plain)?;
        let cluster = ask("ECS cluster", "", word)?;
        let service = ask("ECS service", "", word)?;
        let secret_id = ask(
            "Secrets Manager secret (name or ARN)",
            "matillion-oauth-credentials",
            word,
        )?;
        let text = format!(
            r#"# keyferry: which runners, and where their secrets live. No secret belongs in this file.

[matillion]
region = {region}
client_id = {client_id}
client_secret = {{ env = {variable} }}   # or {{ file = "…" }}, or {{ command = ["…"] }}

# The AWS identity that keyferry signs with; the sink never sees it. The SDK's default chain:
# environment, profile, SSO, container, instance, web identity.
[auth.aws]
kind = "aws"
# profile = "…"
# role_arn = "…"

[plugins.aws-ecs]
path = {plugin}

[runners.{name}]
id = {id}
plugin = "aws-ecs"
drain = {drain}      # require-idle, wait or pause
# rehearse = false        # don't write the live credential first, to see that the place takes it

[runners.{name}.settings]
region = {aws_region}
cluster = {cluster}
service = {service}
secret_id = {secret_id}
"#,
            region = quoted(&region),
            client_id = quoted(&client_id),
            variable = quoted(&variable),
            plugin = quoted(&plugin),
            id = quoted(&id),
            drain = quoted(&drain),
            aws_region = quoted(&aws_region),
            cluster = quoted(&cluster),
            service = quoted(&service),
            secret_id = quoted(&secret_id),
        );
        crate::disk::replace(&path, text.as_bytes(), 0o644).map_err(|error| {
            fail(
                Exit::Failed,
                format!("cannot write {}: {error}", path.display()),
            )
        })?;
        eprintln!("\nWrote {}. Next:", path.display());
        eprintln!("  export {variable}=…");
        eprintln!("  keyferry plugins approve aws-ecs");
        eprintln!("  keyferry doctor");
        eprintln!("  keyferry plan {name}");
        Ok(Exit::Done)
    }
}

fn ask(
    question: &str,
    default: &str,
    check: impl Fn(&str) -> Result<(), &'static str>,
) -> Result<String, CliError> {
    loop {
        let hint = if default.is_empty() {
            String::new()
        } else {
            format!(" [{default}]")
        };
        eprint!("{question}{hint}: ");
        let _ = std::io::stderr().flush();
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        if !matches!(read, Ok(length) if length > 0) {
            return Err(fail(
                Exit::Usage,
                "the questions were not answered to the end; nothing was written",
            ));
        }
        let answer = line.trim();
        let answer = if answer.is_empty() { default } else { answer };
        match check(answer) {
            Ok(()) => return Ok(answer.to_owned()),
            Err(problem) => eprintln!("  {problem}"),
        }
    }
}

fn choose(question: &str, words: &[&str]) -> Result<String, CliError> {
    let question = format!("{question} ({})", words.join(", "));
    let first = words.first().copied().unwrap_or_default();
    ask(&question, first, |answer| match words.contains(&answer) {
        true => Ok(()),
        false => Err("that is none of them"),
    })
}

fn word(answer: &str) -> Result<(), &'static str> {
    match answer.is_empty() || answer.chars().any(char::is_control) {
        true => Err("this is needed"),
        false => Ok(()),
    }
}

fn plain(answer: &str) -> Result<(), &'static str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    match !answer.is_empty() && answer.bytes().all(plain) {
        true => Ok(()),
        false => Err("letters, digits, `-` and `_` only"),
    }
}

fn variable(answer: &str) -> Result<(), &'static str> {
    let shape = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    match !answer.is_empty() && answer.bytes().all(shape) {
        true => Ok(()),
        false => Err("a variable's name, in capital letters; not the secret itself"),
    }
}

fn uuid(answer: &str) -> Result<(), &'static str> {
    match answer.len() == 36 && uuid::Uuid::try_parse(answer).is_ok() {
        true => Ok(()),
        false => Err("that is no UUID; it looks like 3fa85f64-5717-4562-b3fc-2c963f66afa6"),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
