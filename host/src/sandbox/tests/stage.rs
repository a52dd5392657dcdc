//! Where the hostile sink is put on: a sandbox, a store that echoes, and a script.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

use super::nasty::Nasty;
use crate::auth::Authenticators;
use crate::policy::{Approved, Description, Grant, HttpNeed, Lock, Need};
use crate::sandbox::http::{PrivateRanges, Route};
use crate::sandbox::types::Plan;
use crate::sandbox::{
    Allowance, CallError, KnownCredential, Limits, LoadError, LogLine, PluginFile, Prepared,
    Sandbox, Sink, Target,
};
use crate::secret::{Credential, SecretString};

/// What no sink may see: all that quoting changes, and enough that nothing hits it by chance.
pub const SECRET: &str = "s3cr3t-\"\\'$x{{y}}#&<é>%41/+ Zq9";
pub const RUNNER: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

pub fn credential() -> KnownCredential {
    KnownCredential::new(&Credential {
        client_id: "client-1".into(),
        client_secret: SecretString::new(SECRET.into()),
    })
}

/// The component, with `describe` in one of its modes.
pub fn guest(mode: u8) -> Vec<u8> {
    let path = target("test-guests/hostile.wasm");
    let mut bytes = std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; `cargo xtask test` builds the hostile guest first",
            path.display()
        )
    });
    let mark = b"hostile-describe:";
    let at = memchr::memmem::find(&bytes, mark).expect("the guest has the mark of its mode");
    bytes[at + mark.len()] = mode;
    bytes
}

fn target(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../target")
        .join(name)
}

pub struct Stage {
    pub sandbox: Sandbox,
    pub folder: tempfile::TempDir,
    pub store: Nasty,
    pub limits: Limits,
    lines: Arc<Mutex<Vec<LogLine>>>,
}

impl Stage {
    /// A sandbox in which `https://store.test` is the echoing store.
    pub async fn new() -> Self {
        Self::with_private(PrivateRanges::new()).await
    }

    pub async fn with_private(private: PrivateRanges) -> Self {
        let store = Nasty::start().await;
        let route = Route {
            from: "https://store.test".parse().unwrap(),
            to: store.url.clone(),
        };
        Self {
            // One cache for all tests: compiling the guest is most of their time.
            sandbox: Sandbox::new(&target("test-guests/state"), vec![route], private).unwrap(),
            folder: tempfile::tempdir().unwrap(),
            store,
            limits: Limits::default(),
            lines: Arc::default(),
        }
    }

    pub fn prepare(&self, bytes: &[u8]) -> Result<Prepared, LoadError> {
        let path = self.folder.path().join("plugin.wasm");
        std::fs::write(&path, bytes).unwrap();
        let allowance = Allowance {
            limits: self.limits.clone(),
            ..Allowance::default()
        };
        self.sandbox.prepare(&PluginFile::read(&path)?, allowance)
    }

    pub fn sink<'a>(&'a self, prepared: &'a Prepared, needs: Vec<Need>, script: Value) -> Sink<'a> {
        let grant = Grant::new(
            &approved(self.folder.path(), needs),
            &Map::new(),
            RUNNER,
            "a-1",
        );
        let lines = Arc::clone(&self.lines);
        Sink {
            sandbox: &self.sandbox,
            prepared,
            grant: Arc::new(grant.unwrap()),
            auth: Authenticators::default(),
            target: Target {
                runner_id: RUNNER.into(),
                settings: json!({ "script": script }).to_string(),
                attempt: "a-1".into(),
            },
            others: Vec::new(),
            log: Arc::new(move |line| lines.lock().unwrap().push(line)),
        }
    }

    /// Runs a script in `check`; gives what every step saw.
    pub async fn play(&self, needs: Vec<Need>, script: Value) -> Result<Vec<Value>, CallError> {
        let prepared = self.prepare(&guest(b'0')).unwrap();
        let sink = self.sink(&prepared, needs, script);
        Ok(seen(&sink.check(&credential()).await?))
    }

    /// As `play`, for a script of one step that must end.
    pub async fn step(&self, needs: Vec<Need>, step: Value) -> Value {
        self.play(needs, json!([step])).await.unwrap().remove(0)
    }

    pub fn lines(&self) -> Vec<LogLine> {
        self.lines.lock().unwrap().clone()
    }
}

/// What the guest reported, unmasked.
pub fn seen(plan: &Plan) -> Vec<Value> {
    let hex = plan.steps.concat();
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap() ^ 0x5a)
        .collect();
    serde_json::from_slice(&bytes).expect("the guest reports JSON")
}

/// The bytes of a body that the guest saw.
pub fn body(step: &Value) -> Vec<u8> {
    let text = step["body"].as_str();
    let text = text.unwrap_or_else(|| panic!("no answer: {step}"));
    text.chars()
        .map(|byte| u8::try_from(u32::from(byte)).unwrap())
        .collect()
}

/// The needs as an operator approved them, through a lock file as always.
fn approved(folder: &Path, needs: Vec<Need>) -> Approved<Vec<Need>> {
    let description = Description {
        name: "hostile".into(),
        version: "0.1.0".into(),
        summary: String::new(),
        settings_schema: json!({}),
        needs,
    };
    let mut lock = Lock::load(&folder.join("keyferry.lock")).unwrap();
    lock.approve("hostile", "digest", &description).unwrap();
    lock.check("hostile", "digest", &description.needs).unwrap()
}

pub fn need(method: &str, url: &str) -> HttpNeed {
    HttpNeed {
        method: method.into(),
        url: url.into(),
        headers: Vec::new(),
        body: Vec::new(),
        auth: None,
        carries_secret: false,
        seals: Vec::new(),
        reason: "for a test".into(),
    }
}

/// Any body to any echo, with the secret.
pub fn echo() -> Vec<Need> {
    vec![Need::Http(HttpNeed {
        body: vec![(String::new(), "*".into())],
        carries_secret: true,
        ..need("PUT", "https://store.test/echo/*")
    })]
}

/// A request that hands the secret to an echo.
pub fn put(name: &str) -> Value {
    json!({
        "do": "send", "method": "PUT", "url": format!("https://store.test/echo/{name}"),
        "body": r#"{"value":"{token:json}"}"#,
    })
}
