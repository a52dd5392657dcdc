//! The whole way with the real binary and the real component, between the two stand-ins: as it
//! should go, and on bad days.

mod aws_faults;
mod drain;
mod issuer_faults;
mod odd_issuer;
mod rollout;
mod secrets;
mod straight;
mod typed;
