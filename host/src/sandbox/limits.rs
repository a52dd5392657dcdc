//! What one call may use up, and who notices.

use std::path::PathBuf;
use std::time::Duration;

use wasmtime::ResourceLimiter;

/// The bounds of one call.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Of linear memory, over all memories of the store.
    pub memory_bytes: usize,
    /// Wall clock from instantiation to the answer.
    pub time: Duration,
    /// Wall clock where the sink runs programs.
    pub time_with_commands: Duration,
    /// Requests.
    pub requests: u32,
    /// A body, in either direction; a file; an output.
    pub body_bytes: usize,
    /// Lines for the operator.
    pub log_lines: u32,
    /// One such line.
    pub log_line_bytes: usize,
    /// One request, from connecting to the last byte of the answer.
    pub request_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            time: Duration::from_secs(60),
            time_with_commands: Duration::from_secs(300),
            requests: 64,
            body_bytes: 8 << 20,
            log_lines: 1_000,
            log_line_bytes: 4 << 10,
            request_time: Duration::from_secs(30),
        }
    }
}

/// What the operator allows one plugin besides its approved needs.
#[derive(Clone, Debug, Default)]
pub struct Allowance {
    /// The bounds of each call.
    pub limits: Limits,
    /// Where relative paths start.
    pub base: PathBuf,
    /// The folders that its files may lie in.
    pub folders: Vec<PathBuf>,
    /// The environment variables that its commands get.
    pub environment: Vec<String>,
}

/// Elements of all tables, which `call_indirect` and handles live in.
const TABLE_ELEMENTS: usize = 100_000;

/// Counts over the whole store, unlike wasmtime's own limits; remembers what it refused, so that a
/// failed call can be explained by what the host knows.
#[derive(Debug)]
pub struct Meter {
    memory_left: usize,
    last_growth: usize,
    table_left: usize,
    /// The first thing that was refused.
    pub refused: Option<&'static str>,
}

impl Meter {
    /// A meter at zero.
    pub fn new(limits: &Limits) -> Self {
        Self {
            memory_left: limits.memory_bytes,
            last_growth: 0,
            table_left: TABLE_ELEMENTS,
            refused: None,
        }
    }

    /// Remembers that something was refused.
    pub fn refuse(&mut self, what: &'static str) {
        self.refused.get_or_insert(what);
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let growth = desired.saturating_sub(current);
        if growth > self.memory_left {
            self.refuse("memory");
            return Ok(false);
        }
        self.memory_left -= growth;
        self.last_growth = growth;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory_left += std::mem::take(&mut self.last_growth);
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let growth = desired.saturating_sub(current);
        if growth > self.table_left {
            self.refuse("table elements");
            return Ok(false);
        }
        self.table_left -= growth;
        Ok(true)
    }

    fn instances(&self) -> usize {
        64
    }

    fn tables(&self) -> usize {
        64
    }

    fn memories(&self) -> usize {
        16
    }
}
