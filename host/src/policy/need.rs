//! What a sink asks for, as `describe` gave it and as `keyferry.lock` pins it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// All that a sink may ever ask of the host, in the order it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Need {
    /// Requests to one place.
    Http(HttpNeed),
    /// One file.
    File(FileNeed),
    /// One program.
    Command(CommandNeed),
}

/// One kind of request; the texts are templates over the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpNeed {
    /// Upper case.
    pub method: String,
    /// `https://host/path?query`.
    pub url: String,
    /// Headers and the values they must have; `*` for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// JSON pointers into the body and what must stand there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<(String, String)>,
    /// The operator's credential that is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<String>,
    /// Whether tokens become values in the body.
    #[serde(default)]
    pub carries_secret: bool,
    /// Fields of the answer that stay hidden.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seals: Vec<String>,
    /// Why.
    pub reason: String,
}

/// What may be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Read it.
    Read,
    /// Read and replace it.
    Replace,
}

/// One file; the path is a template over the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileNeed {
    /// How the sink names it.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// What may be done with it.
    pub access: Access,
    /// Whether tokens become values when it is replaced.
    #[serde(default)]
    pub carries_secret: bool,
    /// Fields that stay hidden.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seals: Vec<String>,
    /// Why.
    pub reason: String,
}

/// One program; every element of `argv` is a template over the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandNeed {
    /// How the sink names it.
    pub name: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Where it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Fields of a JSON output that stay hidden.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seals: Vec<String>,
    /// Why.
    pub reason: String,
}

impl Need {
    /// The need in words, for the operator who approves it. A first line, then indented ones.
    pub fn in_words(&self) -> String {
        let mut text = String::new();
        match self {
            Need::Http(need) => {
                let _ = write!(text, "{} {}", need.method, need.url);
                for (name, value) in &need.headers {
                    let _ = write!(text, "\n  with header {name}: {value}");
                }
                match need.body.as_slice() {
                    [] => text.push_str("\n  without a body"),
                    [(pointer, value)] if pointer.is_empty() && value == "*" => {
                        text.push_str("\n  with any body");
                    }
                    pins => {
                        for (pointer, value) in pins {
                            let value = if value == "*" { "anything" } else { value };
                            let _ = write!(text, "\n  body {pointer} = {value}");
                        }
                        text.push_str("\n  and nothing else in the body");
                    }
                }
                if let Some(auth) = &need.auth {
                    let _ = write!(
                        text,
                        "\n  signed in with your credential `{auth}`, which it never sees"
                    );
                }
                if need.carries_secret {
                    text.push_str("\n  CARRIES THE SECRET, which it never sees");
                }
                sealed(&mut text, &need.seals, "of the answer");
            }
            Need::File(need) => {
                let verb = match need.access {
                    Access::Read => "read",
                    Access::Replace => "read and replace",
                };
                let _ = write!(text, "{verb} the file {}", need.path);
                if need.carries_secret {
                    text.push_str("\n  THE SECRET IS WRITTEN INTO IT, which it never sees");
                }
                sealed(&mut text, &need.seals, "of the file");
            }
            Need::Command(need) => {
                let _ = write!(text, "run {}", need.argv.join(" "));
                if let Some(directory) = &need.directory {
                    let _ = write!(text, "\n  in {directory}");
                }
                sealed(&mut text, &need.seals, "of the output");
            }
        }
        let _ = write!(text, "\n  because: {}", self.reason());
        text
    }

    /// The sink's own word on why it needs this.
    pub fn reason(&self) -> &str {
        match self {
            Need::Http(need) => &need.reason,
            Need::File(need) => &need.reason,
            Need::Command(need) => &need.reason,
        }
    }
}

fn sealed(text: &mut String, seals: &[String], of: &str) {
    if !seals.is_empty() {
        let _ = write!(text, "\n  hidden from it: {} {of}", seals.join(", "));
    }
}
