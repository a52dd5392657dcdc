//! The issuer's client: what keyferry asks of the Matillion API, and how far it trusts the answers.
//!
//! Reads are tried again within bounds. The one call that makes a new secret is sent at most once,
//! and its error says whether the secret may have been made all the same.

mod answers;
mod client;
mod credentials;
mod endpoints;
mod error;
mod execution;
mod executions;
mod problem;
mod retry;
mod runner;
mod runners;
mod token;
mod transport;

#[cfg(test)]
mod tests;

pub use client::Client;
pub use endpoints::{Endpoints, Region, why_not};
pub use error::{Call, Error, RefreshError};
pub use execution::{Environment, Execution, ExecutionStatus, Project};
pub use executions::ExecutionFilter;
pub use problem::Problem;
pub use runner::{Cloud, Command, Runner, Status};
