//! What a statement answers: rows of text under named columns.

use serde::Deserialize;
use serde_json::Value;

/// The answer to a statement that was executed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rows {
    /// Not asked for, but without it the answer is not Snowflake's.
    #[serde(rename = "statementHandle")]
    _handle: String,
    result_set_meta_data: Option<Head>,
    #[serde(default)]
    data: Vec<Vec<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Head {
    row_type: Vec<Column>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Column {
    name: String,
}

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    columns: &'a [Column],
    values: &'a [Value],
}

impl Rows {
    pub(crate) fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        let columns = self
            .result_set_meta_data
            .as_ref()
            .map_or(&[][..], |head| &head.row_type);
        self.data.iter().map(move |values| Row { columns, values })
    }
}

impl<'a> Row<'a> {
    /// What stands in the column, unless it is null; names are compared without their case.
    pub(crate) fn get(self, name: &str) -> Option<&'a str> {
        self.values.get(self.index(name)?)?.as_str()
    }

    /// Whether there is such a column.
    pub(crate) fn has(self, name: &str) -> bool {
        self.index(name).is_some()
    }

    /// A whole number in the column.
    pub(crate) fn number(self, name: &str) -> Option<u32> {
        self.get(name)?.parse().ok()
    }

    fn index(self, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name))
    }
}
