//! `[auth.NAME]` for each credential that a sink's requests are signed in with: where the secret
//! comes from, never the secret.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::questions::{Questions, plain, variable, word};
use super::{key, quoted};
use crate::cli::exit::CliError;

/// A section of the file, and what has to be exported for it.
pub struct Block {
    /// The section.
    pub text: String,
    /// Variables that will hold a secret.
    pub variables: Vec<String>,
}

const AWS: &str = "\
kind = \"aws\"          # the SDK's default chain: environment, profile, SSO, container, instance, web identity
# profile = \"…\"
# role_arn = \"arn:aws:iam::123456789012:role/keyferry\"   # assumed with what the chain found
";

const AZURE: &str = "\
kind = \"azure\"        # the first way below that is set up is used; what is not set comes from the AZURE_… variables
# method = \"cli\"      # only one way: client-secret, certificate, workload-identity, managed-identity or cli
# tenant_id = \"00000000-0000-0000-0000-000000000000\"
# client_id = \"00000000-0000-0000-0000-000000000000\"      # or the managed identity's, if it isn't the system's
# client_secret = { env = \"AZURE_CLIENT_SECRET\" }
# certificate = { file = \"application.pem\" }               # with its key
# certificate_password = { env = \"AZURE_CLIENT_CERTIFICATE_PASSWORD\" }
# token_file = \"/var/run/secrets/token\"
# authority = \"https://login.microsoftonline.us\"           # of another cloud
# scope = \"https://management.usgovcloudapi.net/.default\"
";

/// What stands after a variable, which is the only source that is asked for.
const SOURCES: &str = "# or { file = \"…\" }, { command = [\"…\"] }";

/// Asks for what the credential `name` needs. `hosts` are those that the sink sends it to.
pub fn ask(
    questions: &mut Questions<'_>,
    name: &str,
    settings: &Map<String, Value>,
    hosts: &[String],
) -> Result<Block, CliError> {
    let kinds = ["header", "basic", "aws", "azure", "snowflake"];
    eprintln!(
        "\nThe sink's requests are signed in with the credential `{name}`, which it never sees."
    );
    let kind = match name {
        "aws" | "azure" | "snowflake" => name.to_owned(),
        _ => questions.choose("What kind of credential that is", &kinds)?,
    };
    let (body, variables) = match kind.as_str() {
        "aws" => (AWS.to_owned(), Vec::new()),
        "azure" => (AZURE.to_owned(), Vec::new()),
        "snowflake" => snowflake(questions, settings)?,
        "basic" => basic(questions, name, hosts)?,
        _ => header(questions, name, hosts)?,
    };
    let text = format!(
        "# Added to the sink's requests on their way out; the sink never sees it.\n[auth.{}]\n{body}",
        key(name)
    );
    Ok(Block { text, variables })
}

type Body = (String, Vec<String>);

fn snowflake(
    questions: &mut Questions<'_>,
    settings: &Map<String, Value>,
) -> Result<Body, CliError> {
    let ways = ["key-pair", "oauth", "access-token"];
    let method = questions.choose("How keyferry signs in to Snowflake", &ways)?;
    if method != "key-pair" {
        let token = questions.ask(
            "Environment variable that will hold the token",
            "SNOWFLAKE_TOKEN",
            variable,
        )?;
        let body = format!(
            "kind = \"snowflake\"\nmethod = {}\ntoken = {{ env = {} }}   {SOURCES}\n",
            quoted(&method),
            quoted(&token)
        );
        return Ok((body, vec![token]));
    }
    let account = settings.get("account").and_then(Value::as_str);
    let account = account.unwrap_or_default();
    let account = questions.ask("Account, as in its address", account, word)?;
    let user = questions.ask("User whose public key Snowflake knows", "", word)?;
    let key = questions.ask("File with that user's private key, in PEM", "", word)?;
    let body = format!(
        "kind = \"snowflake\"          # a key pair; or method = \"oauth\" or \"access-token\" with a token\n\
         account = {}\nuser = {}\nprivate_key = {{ file = {} }}   # or {{ env = \"…\" }}, {{ command = [\"…\"] }}\n\
         # private_key_passphrase = {{ env = \"SNOWFLAKE_KEY_PASSPHRASE\" }}\n",
        quoted(&account),
        quoted(&user),
        quoted(&key)
    );
    Ok((body, Vec::new()))
}

fn header(questions: &mut Questions<'_>, name: &str, own: &[String]) -> Result<Body, CliError> {
    let header = questions.ask("Name of the header", "Authorization", plain)?;
    let usual = match header.eq_ignore_ascii_case("authorization") {
        true => "Bearer",
        false => "none",
    };
    let before = questions.ask("Word before the secret in it, or `none`", usual, plain)?;
    let prefix = match before.as_str() {
        "none" => "# prefix = \"Bearer \"".to_owned(),
        word => format!("prefix = {}", quoted(&format!("{word} "))),
    };
    let variable = secret(questions, name, "TOKEN")?;
    let hosts = hosts(questions, own)?;
    let body = format!(
        "kind = \"header\"\nname = {}\n{prefix}\nvalue = {{ env = {} }}   {SOURCES}\n{hosts}",
        quoted(&header),
        quoted(&variable)
    );
    Ok((body, vec![variable]))
}

fn basic(questions: &mut Questions<'_>, name: &str, own: &[String]) -> Result<Body, CliError> {
    let user = questions.ask("User", "", word)?;
    let variable = secret(questions, name, "PASSWORD")?;
    let hosts = hosts(questions, own)?;
    let body = format!(
        "kind = \"basic\"\nuser = {}\npassword = {{ env = {} }}   {SOURCES}\n{hosts}",
        quoted(&user),
        quoted(&variable)
    );
    Ok((body, vec![variable]))
}

fn secret(questions: &mut Questions<'_>, name: &str, what: &str) -> Result<String, CliError> {
    let name = name.to_ascii_uppercase().replace(['-', '.'], "_");
    let default = format!("{name}_{what}");
    questions.ask(
        "Environment variable that will hold its secret",
        &default,
        variable,
    )
}

fn hosts(questions: &mut Questions<'_>, own: &[String]) -> Result<String, CliError> {
    let question = "Hosts that it may be sent to, with spaces between";
    let hosts = questions.ask(question, &own.join(" "), word)?;
    let hosts: Vec<String> = hosts.split_whitespace().map(quoted).collect();
    Ok(format!(
        "hosts = [{}]   # where it may be sent, and nowhere else\n",
        hosts.join(", ")
    ))
}
