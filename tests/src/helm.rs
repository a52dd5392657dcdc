//! The closest thing to a runner on Kubernetes: real `helm` and `kubectl` against a real API server
//! with its etcd, nobody's stand-in. Controllers and nodes it has none; those are played here, so
//! that a rollout takes its time, and the pods read the Secret at the very moment they start.

mod api;
mod cluster;
mod controller;
mod installation;
mod rollout;
mod shim;
mod tools;

pub use api::Api;
pub use cluster::{Cluster, User};
pub use installation::{Chart, Installation, Pair, quoted, values};
pub use rollout::{Outcome, Rollout};
pub use shim::{Fault, Shims};
pub use tools::{Helm, Tools};
