//! A host for a sink's tests, as strict as the real one. It answers from what the test laid out,
//! lets through only what the manifest declares, and shows the sink tokens where secrets stand,
//! while the test sees the values.
//!
//! A request that no need allows is answered with [`Obstacle::NotApproved`](crate::Obstacle); one
//! that is allowed but for which the test laid out no answer is the test's mistake, and panics.

mod allow;
mod encode;
mod gates;
mod rules;
mod seal;
mod template;
#[cfg(test)]
mod tests;
mod vault;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

pub use rules::{On, Reply, Sent};

use crate::{Credential, Encoding, Level, Need, Output, RawSecret, Secret, Sink, Target};
use rules::Rule;
use template::Names;
use vault::Vault;

/// A host made of what a test laid out.
pub struct Mock {
    needs: Vec<Need>,
    names: Names,
    vault: Rc<RefCell<Vault>>,
    rules: RefCell<Vec<Rule>>,
    sent: RefCell<Vec<Sent>>,
    files: RefCell<BTreeMap<String, (String, u64)>>,
    outputs: RefCell<BTreeMap<String, Vec<Output>>>,
    runs: RefCell<Vec<Vec<String>>>,
    lines: RefCell<Vec<(Level, String)>>,
}

struct Handle {
    value: String,
    vault: Rc<RefCell<Vault>>,
}

impl RawSecret for Handle {
    fn token(&self, encodings: &[Encoding]) -> String {
        let base64 = encodings
            .iter()
            .filter(|encoding| **encoding == Encoding::Base64)
            .count();
        assert!(
            encodings.len() <= 3 && base64 <= 1,
            "at most three encodings, base64 at most once"
        );
        self.vault.borrow_mut().token(&self.value, encodings)
    }

    fn matches(&self, text: &str) -> bool {
        self.vault.borrow().stands_for(text, &self.value)
    }
}

impl Mock {
    /// A host for the sink's manifest, with these settings. Defaults of the schema are filled in.
    pub fn of<S: Sink>(settings: Value) -> Self {
        let Value::Object(mut settings) = settings else {
            panic!("settings are a JSON object")
        };
        let schema = crate::manifest::settings_schema::<S::Settings>();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if let (Some(default), false) = (property.get("default"), settings.contains_key(name)) {
                settings.insert(name.clone(), default.clone());
            }
        }
        Self {
            needs: S::describe().needs,
            names: Names {
                settings,
                runner_id: "3fa85f64-5717-4562-b3fc-2c963f66afa6".to_owned(),
                attempt: "0b9d6e2a-50a6-4f0e-9c58-3d8e0a4f7c11".to_owned(),
            },
            vault: Rc::default(),
            rules: RefCell::default(),
            sent: RefCell::default(),
            files: RefCell::default(),
            outputs: RefCell::default(),
            runs: RefCell::default(),
            lines: RefCell::default(),
        }
    }

    /// Goes on under another attempt id.
    pub fn attempt(mut self, id: &str) -> Self {
        self.names.attempt = id.to_owned();
        self
    }

    /// The target that the settings make.
    pub fn target<S: Sink>(&self) -> Target<S::Settings> {
        let settings = Value::Object(self.names.settings.clone());
        Target {
            runner_id: self.names.runner_id.clone(),
            settings: serde_json::from_value(settings).expect("the settings fit the sink's type"),
            attempt: self.names.attempt.clone(),
        }
    }

    /// A credential whose secret the host knows and hides. The id of the latest one stays readable
    /// in sealed fields, as the target's own does.
    pub fn credential(&self, client_id: &str, client_secret: &str) -> Credential {
        let mut vault = self.vault.borrow_mut();
        vault.give(client_secret);
        vault.public = Some(client_id.to_owned());
        drop(vault);
        let handle = Handle {
            value: client_secret.to_owned(),
            vault: Rc::clone(&self.vault),
        };
        Credential {
            client_id: client_id.to_owned(),
            client_secret: Secret::new(handle),
        }
    }

    /// Hides this text too, wherever it comes in.
    pub fn hide(&self, text: &str) {
        self.vault.borrow_mut().know(text);
    }

    /// Lays out the answer to a request: the first rule that fits is used.
    pub fn on(&self, method: &str, url: &str) -> On<'_> {
        On::new(self, method, url)
    }

    /// What was sent so far, with the values in place of tokens.
    pub fn requests(&self) -> Vec<Sent> {
        self.sent.borrow().clone()
    }

    /// Lays out a file, or changes it as another writer would.
    pub fn file(&self, name: &str, contents: &str) {
        let mut files = self.files.borrow_mut();
        let revision = files.get(name).map_or(1, |(_, revision)| revision + 1);
        files.insert(name.to_owned(), (contents.to_owned(), revision));
    }

    /// What the file holds, with the values in place of tokens.
    pub fn contents(&self, name: &str) -> String {
        self.files
            .borrow()
            .get(name)
            .map(|(contents, _)| contents.clone())
            .unwrap_or_default()
    }

    /// Lays out what a program answers. Several are used in turn, the last for good.
    pub fn command(&self, name: &str, status: i32, stdout: &str, stderr: &str) {
        let output = Output {
            status,
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        };
        self.outputs
            .borrow_mut()
            .entry(name.to_owned())
            .or_default()
            .push(output);
    }

    /// The arguments of every program that was run.
    pub fn runs(&self) -> Vec<Vec<String>> {
        self.runs.borrow().clone()
    }

    /// What the sink logged.
    pub fn lines(&self) -> Vec<(Level, String)> {
        self.lines.borrow().clone()
    }
}
