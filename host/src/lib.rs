//! keyferry carries a fresh key from its issuer to where it is used.

pub mod disk;
pub mod policy;
pub mod seal;
pub mod secret;
