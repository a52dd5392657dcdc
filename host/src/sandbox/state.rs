//! What stands behind the imports of one call: the store's data.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::bindings::Door;
use super::bindings::keyferry::sink::{commands, files, http, log, types};
use super::http::{Bounds, HttpGate, Obstacle, SinkRequest};
use super::limits::{Allowance, Meter};
use super::types::FailureKind;
use super::{commands as command_gate, files as file_gate};
use crate::auth::Authenticators;
use crate::policy::Grant;
use crate::seal::{Seal, ValueId};

/// What the host keeps behind a guest's `secret` handle.
pub struct SecretHandle(pub(super) ValueId);

/// A line for the operator, sealed and printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// One line.
    pub message: String,
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// For who looks closely.
    Debug,
    /// For everyone.
    Info,
    /// To act on.
    Warning,
}

/// Everything that one call can reach.
pub struct State {
    wasi: WasiCtx,
    pub(super) table: ResourceTable,
    pub(super) meter: Meter,
    pub(super) seal: Seal,
    pub(super) grant: Arc<Grant>,
    pub(super) auth: Authenticators,
    gate: Arc<HttpGate>,
    pub(super) allowance: Arc<Allowance>,
    requests: u32,
    lines: u32,
    pub(super) deadline: Instant,
    log: Arc<dyn Fn(LogLine) + Send + Sync>,
}

impl State {
    pub(super) fn new(
        grant: Arc<Grant>,
        auth: Authenticators,
        gate: Arc<HttpGate>,
        allowance: Arc<Allowance>,
        seal: Seal,
        log: Arc<dyn Fn(LogLine) + Send + Sync>,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(1_024);
        let time = if grant.commands.is_empty() {
            allowance.limits.time
        } else {
            allowance.limits.time_with_commands
        };
        Self {
            wasi: WasiCtx::builder().max_random_size(1 << 20).build(),
            table,
            meter: Meter::new(&allowance.limits),
            seal,
            grant,
            auth,
            gate,
            allowance,
            requests: 0,
            lines: 0,
            deadline: Instant::now() + time,
            log,
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl types::Host for State {}

impl types::HostSecret for State {
    async fn token(
        &mut self,
        secret: Resource<SecretHandle>,
        encodings: Vec<types::Encoding>,
    ) -> wasmtime::Result<String> {
        let value = self.table.get(&secret)?.0;
        let encodings: Vec<_> = encodings.into_iter().map(Into::into).collect();
        match self.seal.token(value, &encodings) {
            Ok(token) => Ok(token),
            Err(error) => {
                self.meter.refuse("encodings of a token");
                Err(wasmtime::Error::msg(error.to_string()))
            }
        }
    }

    async fn matches(
        &mut self,
        secret: Resource<SecretHandle>,
        text: String,
    ) -> wasmtime::Result<bool> {
        let value = self.table.get(&secret)?.0;
        Ok(self.seal.matches(value, &text))
    }

    async fn drop(&mut self, secret: Resource<SecretHandle>) -> wasmtime::Result<()> {
        self.table.delete(secret)?;
        Ok(())
    }
}

impl http::Host for State {
    async fn send(
        &mut self,
        request: http::Request,
    ) -> wasmtime::Result<Result<http::Response, http::Unanswered>> {
        self.requests += 1;
        if self.requests > self.allowance.limits.requests {
            self.meter.refuse("requests");
            return Err(wasmtime::Error::msg("too many requests"));
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        let bounds = Bounds {
            body_bytes: self.allowance.limits.body_bytes,
            time: self.allowance.limits.request_time.min(left),
        };
        let request = SinkRequest {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body,
        };
        let answer = self
            .gate
            .send(request, &self.grant, &self.auth, &mut self.seal, &bounds)
            .await;
        Ok(match answer {
            Ok(response) => Ok(http::Response {
                status: response.status,
                headers: response.headers,
                body: response.body,
            }),
            Err(unanswered) => Err(http::Unanswered {
                why: match unanswered.why {
                    Obstacle::NotApproved => http::Obstacle::NotApproved,
                    Obstacle::Unreachable => http::Obstacle::Unreachable,
                    Obstacle::TimedOut => http::Obstacle::TimedOut,
                    Obstacle::TooLarge => http::Obstacle::TooLarge,
                },
                message: unanswered.message,
                maybe_sent: unanswered.maybe_sent,
            }),
        })
    }
}

impl files::Host for State {
    async fn read(
        &mut self,
        name: String,
    ) -> wasmtime::Result<Result<files::Document, types::Failure>> {
        let read = file_gate::read(&name, &self.grant, &self.allowance, &mut self.seal).await;
        Ok(match read {
            Ok(document) => Ok(files::Document {
                contents: document.contents,
                revision: document.revision,
            }),
            Err(error) => Err(failure(&self.seal, error.kind(), &error.to_string())),
        })
    }

    async fn replace(
        &mut self,
        name: String,
        contents: Vec<u8>,
        revision: String,
    ) -> wasmtime::Result<Result<String, types::Failure>> {
        let (grant, allowance) = (&self.grant, &self.allowance);
        let replaced =
            file_gate::replace(&name, &contents, revision, grant, allowance, &self.seal).await;
        Ok(replaced.map_err(|error| failure(&self.seal, error.kind(), &error.to_string())))
    }
}

impl commands::Host for State {
    async fn run(
        &mut self,
        name: String,
    ) -> wasmtime::Result<Result<commands::Output, types::Failure>> {
        let (grant, allowance) = (&self.grant, &self.allowance);
        let ran = command_gate::run(&name, grant, allowance, &mut self.seal, self.deadline).await;
        Ok(match ran {
            Ok(output) => Ok(commands::Output {
                status: output.status,
                stdout: output.stdout,
                stderr: output.stderr,
            }),
            Err(error) => Err(failure(&self.seal, error.kind(), &error.to_string())),
        })
    }
}

impl log::Host for State {
    async fn emit(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.lines += 1;
        if self.lines > self.allowance.limits.log_lines {
            return Ok(());
        }
        let level = match level {
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warning => LogLevel::Warning,
        };
        let mut message = Door(&self.seal).text(&message);
        message.truncate(message.floor_char_boundary(self.allowance.limits.log_line_bytes));
        (self.log)(LogLine { level, message });
        Ok(())
    }
}

/// What a gate could not do, in the contract's words.
fn failure(seal: &Seal, kind: FailureKind, message: &str) -> types::Failure {
    types::Failure {
        kind: match kind {
            FailureKind::Unavailable => types::FailureKind::Unavailable,
            FailureKind::Denied => types::FailureKind::Denied,
            FailureKind::Missing => types::FailureKind::Missing,
            FailureKind::Conflict => types::FailureKind::Conflict,
            FailureKind::Rejected => types::FailureKind::Rejected,
            FailureKind::Uncertain => types::FailureKind::Uncertain,
        },
        message: Door(seal).text(message),
        retry_after_ms: None,
    }
}
