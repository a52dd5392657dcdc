//! The rotation against hostile circumstances: the machine by itself, the driver against a model
//! of issuer, store and runner with faults and crashes, and what keeps its state.
#![allow(clippy::unwrap_used)]

mod crash;
mod faults;
mod journal;
mod keys;
mod lock;
mod machine;
mod model;
mod ports;
mod resume;
mod stage;
mod state_errors;
