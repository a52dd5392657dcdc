//! What a sink asks for, what the operator approved, and what follows for one target.
//!
//! Pure: functions of their arguments. The gates in `sandbox` ask; nothing here acts.

mod body;
mod grant;
mod lock;
mod need;
mod request;
mod template;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub use body::stays_as_approved;
pub use grant::{
    BodyRule, CommandGrant, FileGrant, Grant, GrantError, HttpGrant, PathRule, QueryRule,
    check_shape,
};
pub use lock::{Difference, Lock, LockError, Pin, changes};
pub use need::{Access, CommandNeed, FileNeed, HttpNeed, Need};
pub use request::{Asked, NotApproved, authorize, is_sensitive};
pub use template::{Names, TemplateError};

/// What a component says of itself.
#[derive(Clone, Debug)]
pub struct Description {
    /// The sink's name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// One line.
    pub summary: String,
    /// JSON Schema.
    pub settings_schema: Value,
    /// All that it may ever ask.
    pub needs: Vec<Need>,
}

/// Something that an operator approved. Only `Lock` makes one.
pub struct Approved<T>(T);

impl<T> Approved<T> {
    /// What was approved.
    pub fn get(&self) -> &T {
        &self.0
    }
}
