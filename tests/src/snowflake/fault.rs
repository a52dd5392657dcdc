//! What may go wrong with one statement.

use std::time::Duration;

/// What goes wrong with one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The connection closes before anything was done.
    RequestLost,
    /// The deed is done, and the connection closes without an answer.
    AnswerLost,
    /// The deed is done, and the connection breaks in the middle of the answer.
    AnswerCut,
    /// 429; nothing was done.
    Throttled,
    /// 503; nothing was done.
    ErrorBefore,
    /// 500, though the deed is done.
    ErrorAfter,
    /// Any error of a statement; nothing was done.
    Error {
        /// Snowflake's code.
        code: &'static str,
        /// The SQL state.
        state: &'static str,
    },
    /// The deed is done at once and answered so much later.
    Slow(Duration),
    /// The deed is done, and 200 comes with a body that is not JSON.
    Garbage,
    /// The deed is done, and so often one is told that it still runs: 202.
    Running(u32),
    /// Right after the statement, someone else stores this in every secret.
    SecondWriter(String),
}
