//! keyferry carries a fresh key from its issuer to where it is used.

pub mod auth;
pub mod cli;
pub mod config;
pub mod disk;
pub mod matillion;
pub mod plugins;
pub mod policy;
pub mod rotation;
pub mod sandbox;
pub mod seal;
pub mod secret;
pub mod tls;
