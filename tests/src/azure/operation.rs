//! A change that Azure took and goes on with: only one at a time, and what it changes is there when
//! it ends.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::patch::Change;

/// How changes go from now on.
#[derive(Clone, Debug)]
pub struct Pace {
    /// From the answer to the end; the first look finds the end if it is zero.
    pub duration: Duration,
    /// The seconds to wait that Azure asks for, if it does.
    pub retry_after: Option<u32>,
    /// Told by `Location` alone, without `Azure-AsyncOperation`.
    pub by_location: bool,
    /// Answered with 200 and the app when all is done.
    pub at_once: bool,
    /// The code of the error that it ends with; nothing is changed then.
    pub fails: Option<String>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            duration: Duration::ZERO,
            retry_after: None,
            by_location: false,
            at_once: false,
            fails: None,
        }
    }
}

pub(super) struct Operation {
    pub id: String,
    pub ends: Instant,
    pub change: Option<Change>,
    pub pace: Pace,
    pub over: bool,
}

impl Operation {
    /// What a look at its status shows.
    pub fn status(&self) -> Value {
        let status = match (self.over, &self.pace.fails) {
            (false, _) => "InProgress",
            (true, None) => "Succeeded",
            (true, Some(_)) => "Failed",
        };
        match &self.pace.fails {
            Some(code) if self.over => {
                json!({ "name": self.id, "status": status, "error": { "code": code, "message": "As asked." } })
            }
            _ => json!({ "name": self.id, "status": status }),
        }
    }
}
