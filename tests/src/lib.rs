//! What the tests that cross rooms stand on, and what the demo and the benchmark run against:
//! stand-ins for the issuer and for AWS that can play a bad day, a harness for moto, which nobody
//! here wrote, and helpers for processes. Everything is synchronous to its caller: each server
//! runs on a thread of its own and ends with its handle.

pub mod aws;
pub mod azure;
pub mod canary;
pub mod client;
pub mod faults;
pub mod helm;
pub mod instance;
pub mod issuer;
pub mod moto;
pub mod peer;
pub mod prism;
pub mod process;
pub mod server;
pub mod snowflake;
pub mod sqlfluff;
pub mod world;
