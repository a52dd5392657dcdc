//! The five steps against a mock host: an account in which all is well, and each test bends one
//! thing in it.

mod check;
mod procedure;
mod service;
mod settings;
mod write;

use std::collections::BTreeMap;

use keyferry_sdk::mock::{Mock, Reply};
use keyferry_sdk::{Credential, Obstacle, Target, Unanswered};
use serde_json::{Value, json};

use crate::{Settings, Snowflake};

pub(super) const API: &str = "https://myorg-acct.snowflakecomputing.com/api/v2/statements";
pub(super) const SECRET: &str = "live-'s3cr\\et\"{{é}}";
pub(super) const HANDLE: &str = "01b2c3d4-0000-1111-2222-333344445555";
pub(super) const STORE: &str = "ALTER SECRET APP.SECRETS.\"Oauth Secret\"";
pub(super) const SUSPEND: &str = "ALTER SERVICE APP.CORE.RUNNER SUSPEND";
pub(super) const RESUME: &str = "ALTER SERVICE APP.CORE.RUNNER RESUME";

type Answer = Result<Reply, (Obstacle, bool)>;

/// What Snowflake would answer, by how the statement begins; the longest beginning counts.
pub(super) struct World {
    answers: BTreeMap<String, Vec<Answer>>,
    looks: Vec<Reply>,
    settings: Value,
}

impl World {
    /// A runner whose service is restarted.
    pub(super) fn new() -> Self {
        let world = Self {
            answers: BTreeMap::new(),
            looks: Vec::new(),
            settings: json!({
                "account": "myorg-acct",
                "secret": "APP.SECRETS.\"Oauth Secret\"",
                "role": "ETL_ADMIN",
                "restart": "service",
                "service": "APP.CORE.RUNNER",
            }),
        };
        world
            .answer(STORE, 200, done())
            .answer("DESCRIBE SECRET", 200, secret(&[]))
            .answer(
                "SHOW GRANTS ON SECRET",
                200,
                grants(&[
                    ("USAGE", "APPLICATION", "APP"),
                    ("READ", "APPLICATION", "APP"),
                    ("OWNERSHIP", "ROLE", "ETL_ADMIN"),
                ]),
            )
            .service(&[])
            .answer(
                "SHOW GRANTS ON SERVICE",
                200,
                grants(&[("OPERATE", "ROLE", "ETL_ADMIN")]),
            )
            .answer(SUSPEND, 200, done())
            .answer(RESUME, 200, done())
            .answer("DESCRIBE PROCEDURE", 200, done())
            .answer("CALL", 202, done())
    }

    /// A runner that a procedure restarts.
    pub(super) fn call() -> Self {
        let mut world = Self::new();
        world.settings["restart"] = json!("call");
        world.settings["procedure"] = json!("APP.CORE.RESTART");
        world.without("service")
    }

    /// A runner that is restarted by hand.
    pub(super) fn by_hand() -> Self {
        Self::new().setting("restart", "none").without("service")
    }

    /// Statements that begin so are answered with this.
    pub(super) fn answer(mut self, begins: &str, status: u16, body: Value) -> Self {
        self.answers
            .insert(begins.to_owned(), vec![Ok(Reply::json(status, body))]);
        self
    }

    /// After what was laid out for them before, they are answered with this.
    pub(super) fn then(mut self, begins: &str, status: u16, body: Value) -> Self {
        let answers = self.answers.entry(begins.to_owned()).or_default();
        answers.push(Ok(Reply::json(status, body)));
        self
    }

    /// They are answered with this error of Snowflake's.
    pub(super) fn error(self, begins: &str, code: &str, state: &str) -> Self {
        self.answer(begins, 422, error(code, state))
    }

    /// They are answered with this reply.
    pub(super) fn reply(mut self, begins: &str, reply: Reply) -> Self {
        self.answers.insert(begins.to_owned(), vec![Ok(reply)]);
        self
    }

    /// They are not answered.
    pub(super) fn lost(mut self, begins: &str, why: Obstacle, maybe_sent: bool) -> Self {
        self.answers
            .insert(begins.to_owned(), vec![Err((why, maybe_sent))]);
        self
    }

    /// The service with these columns changed.
    pub(super) fn service(self, changes: &[(&str, Value)]) -> Self {
        self.answer("DESCRIBE SERVICE", 200, service(changes))
    }

    /// Asked how the statement stands, Snowflake says this, in turn; the last for good.
    pub(super) fn look(mut self, status: u16, body: Value) -> Self {
        self.looks.push(Reply::json(status, body));
        self
    }

    pub(super) fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings[name] = json!(value);
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        let settings = self.settings.as_object_mut().expect("an object");
        settings.remove(name);
        self
    }

    /// The host of it, the live credential, and the target.
    pub(super) fn open(self) -> (Mock, Credential, Target<Settings>) {
        let mock = Mock::of::<Snowflake>(self.settings);
        let target = mock.target::<Snowflake>();
        let queries = [
            String::new(),
            format!("?requestId={}&retry=true", target.attempt),
            "?async=true".to_owned(),
        ];
        let answers = std::rc::Rc::new(std::cell::RefCell::new(self.answers));
        for query in queries {
            let url = format!("{API}{query}");
            let answers = std::rc::Rc::clone(&answers);
            mock.on("POST", &url).with(move |sent| {
                let statement = sent.json()["statement"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                let mut answers = answers.borrow_mut();
                let found = answers
                    .iter_mut()
                    .rev()
                    .find(|(begins, _)| statement.starts_with(begins.as_str()));
                let (_, turns) = found.unwrap_or_else(|| panic!("nobody laid out {statement}"));
                let answer = match turns.len() {
                    1 => turns[0].clone(),
                    _ => turns.remove(0),
                };
                answer.map_err(|(why, maybe_sent)| Unanswered {
                    why,
                    message: "no answer".to_owned(),
                    maybe_sent,
                })
            });
        }
        let last = self.looks.len().saturating_sub(1);
        let url = format!("{API}/{HANDLE}");
        for (turn, reply) in self.looks.into_iter().enumerate() {
            let on = mock.on("GET", &url);
            match turn == last {
                true => on.reply(reply),
                false => on.once().reply(reply),
            }
        }
        let credential = mock.credential("live-id", SECRET);
        (mock, credential, target)
    }
}

/// The statements that were sent so far.
pub(super) fn statements(mock: &Mock) -> Vec<String> {
    mock.requests()
        .iter()
        .filter(|sent| sent.method == "POST")
        .map(|sent| {
            sent.json()["statement"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

pub(super) fn done() -> Value {
    json!({ "code": "090001", "message": "Statement executed successfully.", "statementHandle": HANDLE })
}

pub(super) fn error(code: &str, state: &str) -> Value {
    json!({ "code": code, "sqlState": state, "message": "why\n it failed", "statementHandle": HANDLE })
}

pub(super) fn table(columns: &[&str], rows: &[Vec<Value>]) -> Value {
    let columns: Vec<Value> = columns.iter().map(|name| json!({ "name": name })).collect();
    json!({
        "statementHandle": HANDLE,
        "resultSetMetaData": { "numRows": rows.len(), "rowType": columns },
        "data": rows,
    })
}

fn row(columns: &[(&str, Value)], changes: &[(&str, Value)]) -> Value {
    let changed = |name: &str| changes.iter().find(|(own, _)| *own == name);
    let kept: Vec<(&str, Value)> = columns
        .iter()
        .map(|(name, value)| match changed(name) {
            Some((_, change)) => (*name, change.clone()),
            None => (*name, value.clone()),
        })
        // What is not even null has no column.
        .filter(|(_, value)| *value != json!(false))
        .collect();
    let names: Vec<&str> = kept.iter().map(|(name, _)| *name).collect();
    table(
        &names,
        &[kept.into_iter().map(|(_, value)| value).collect()],
    )
}

pub(super) fn secret(changes: &[(&str, Value)]) -> Value {
    let columns = [
        ("created_on", json!("1700000000.5 0")),
        ("name", json!("Oauth Secret")),
        ("schema_name", json!("SECRETS")),
        ("database_name", json!("APP")),
        ("owner", json!("ETL_ADMIN")),
        ("comment", json!(null)),
        ("secret_type", json!("GENERIC_STRING")),
    ];
    row(&columns, changes)
}

pub(super) fn service(changes: &[(&str, Value)]) -> Value {
    let columns = [
        ("name", json!("RUNNER")),
        ("status", json!("RUNNING")),
        ("current_instances", json!("2")),
        ("target_instances", json!("2")),
        ("resumed_on", json!("1700000000.1 0")),
        ("suspended_on", json!(null)),
        ("is_job", json!("false")),
    ];
    row(&columns, changes)
}

pub(super) fn grants(all: &[(&str, &str, &str)]) -> Value {
    let rows: Vec<Vec<Value>> = all
        .iter()
        .map(|(privilege, to, name)| {
            vec![json!(privilege), json!("SECRET"), json!(to), json!(name)]
        })
        .collect();
    table(
        &["privilege", "granted_on", "granted_to", "grantee_name"],
        &rows,
    )
}
