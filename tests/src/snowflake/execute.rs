//! What each statement does, and the rows it answers.

use serde_json::{Value, json};

use super::answers::{Answered, failed};
use super::state::State;
use super::statement::{Operation, Statement};

pub(super) fn execute(
    state: &mut State,
    statement: &Statement,
    body: &Value,
    handle: &str,
) -> Answered {
    let missing = || {
        let why = "SQL compilation error: it does not exist or not authorized.";
        failed("002003", "02000", why, handle)
    };
    let name = &statement.object;
    let pace = state.pace.clone();
    let rows = match statement.operation {
        Operation::AlterSecret => alter(state, statement),
        Operation::DescribeSecret => describe_secret(state, name),
        Operation::GrantsOnSecret => state.secret(name).map(|secret| grants(&secret.grants)),
        Operation::DescribeService => describe_service(state, name),
        Operation::GrantsOnService => {
            let role = state.role.clone();
            let operate = ("OPERATE".to_owned(), "ROLE".to_owned(), role);
            state.service(name).map(|_| grants(&[operate]))
        }
        Operation::ShowContainers => containers(state, name),
        Operation::Suspend => state
            .service(name)
            .map(|service| match service.suspend(&pace) {
                true => executed(),
                false => Err("it is suspended"),
            }),
        Operation::Resume => state
            .service(name)
            .map(|service| match service.resume(&pace) {
                true => executed(),
                false => Err("it is not suspended"),
            }),
        Operation::DescribeProcedure => {
            let known = state.procedures.contains(name);
            known.then(|| {
                Ok(table(
                    &["property", "value"],
                    &[vec![json!("language"), json!("SQL")]],
                ))
            })
        }
        Operation::Call if body["warehouse"].is_null() => {
            return failed("000606", "57P03", "No active warehouse selected.", handle);
        }
        Operation::Call => call(state, name),
        // It is no statement.
        Operation::Progress => None,
    };
    match rows {
        None => missing(),
        Some(Err(why)) => failed("395001", "22000", why, handle),
        Some(Ok(mut body)) => {
            body["code"] = json!("090001");
            body["sqlState"] = json!("00000");
            body["message"] = json!("Statement executed successfully.");
            body["statementHandle"] = json!(handle);
            (200, body)
        }
    }
}

type Rows = Result<Value, &'static str>;

fn executed() -> Rows {
    Ok(table(
        &["status"],
        &[vec![json!("Statement executed successfully.")]],
    ))
}

fn alter(state: &mut State, statement: &Statement) -> Option<Rows> {
    let secret = state.secret(&statement.object)?;
    if secret.kind != "GENERIC_STRING" {
        return Some(Err("invalid property SECRET_STRING for its type"));
    }
    secret.value.clone_from(&statement.literal);
    secret.writes += 1;
    Some(executed())
}

fn describe_secret(state: &mut State, name: &[String]) -> Option<Rows> {
    let secret = state.secret(name)?;
    let columns = [
        "created_on",
        "name",
        "schema_name",
        "database_name",
        "owner",
        "comment",
        "secret_type",
    ];
    let row = vec![
        json!("1700000000.000000000 1440"),
        json!(secret.name[2]),
        json!(secret.name[1]),
        json!(secret.name[0]),
        json!(secret.owner),
        json!(null),
        json!(secret.kind),
    ];
    Some(Ok(table(&columns, &[row])))
}

fn describe_service(state: &mut State, name: &[String]) -> Option<Rows> {
    let service = state.service(name)?;
    let columns = [
        "name",
        "status",
        "current_instances",
        "target_instances",
        "resumed_on",
        "is_job",
    ];
    let row = vec![
        json!(name.last()),
        json!(service.status),
        json!(service.current.to_string()),
        json!(service.wanted.to_string()),
        json!(service.resumed_on),
        json!("false"),
    ];
    Some(Ok(table(&columns, &[row])))
}

fn containers(state: &mut State, name: &[String]) -> Option<Rows> {
    let service = state.service(name)?;
    let status = if service.status == "RUNNING" {
        "READY"
    } else {
        "FAILED"
    };
    let row = vec![json!("main"), json!(status), json!(service.message)];
    Some(Ok(table(&["container_name", "status", "message"], &[row])))
}

fn grants(all: &[(String, String, String)]) -> Rows {
    let rows: Vec<Vec<Value>> = all
        .iter()
        .map(|(privilege, to, grantee)| vec![json!(privilege), json!(to), json!(grantee)])
        .collect();
    Ok(table(&["privilege", "granted_to", "grantee_name"], &rows))
}

/// Each procedure starts the service of its own number anew, at once.
fn call(state: &mut State, name: &[String]) -> Option<Rows> {
    let index = state.procedures.iter().position(|own| own == name)?;
    let pace = state.pace.clone();
    let (_, service) = state.services.get_mut(index)?;
    service.start_anew(&pace);
    Some(Ok(table(&["RESTART"], &[vec![json!("started")]])))
}

fn table(columns: &[&str], rows: &[Vec<Value>]) -> Value {
    let columns: Vec<Value> = columns
        .iter()
        .map(|name| json!({ "name": name, "type": "TEXT", "nullable": true }))
        .collect();
    json!({
        "resultSetMetaData": { "format": "jsonv2", "numRows": rows.len(), "rowType": columns },
        "data": rows,
    })
}
