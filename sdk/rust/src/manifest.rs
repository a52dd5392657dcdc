//! What a sink is and needs, in the author's words; the schema of its settings is added from their
//! type, so the two can't differ.

use schemars::JsonSchema;

use crate::Need;

/// What a sink is, and all that it may ever ask of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Manifest {
    /// Lower case letters, digits and hyphens.
    pub name: String,
    /// The sink's own version, as semver.
    pub version: String,
    /// One line.
    pub summary: String,
    /// Everything it may ever ask.
    pub needs: Vec<Need>,
}

impl Manifest {
    /// A sink that needs nothing yet.
    pub fn new(
        name: impl Into<String>,
        version: impl Into<String>,
        summary: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            summary: summary.into(),
            needs: Vec::new(),
        }
    }

    /// Adds a need.
    pub fn need(mut self, need: impl Into<Need>) -> Self {
        self.needs.push(need.into());
        self
    }
}

/// The JSON Schema of the settings.
pub(crate) fn settings_schema<S: JsonSchema>() -> serde_json::Value {
    schemars::schema_for!(S).to_value()
}
