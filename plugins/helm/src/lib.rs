//! x
mod key;
mod yaml;
