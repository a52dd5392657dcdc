//! A value that a sink may place but never read. What a sink holds is a handle that gives out
//! tokens; there is no way from here to the value.

use std::fmt;
use std::rc::Rc;

/// How the value has to be written at the place where its token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The inside of a JSON string.
    Json,
    /// The inside of a double-quoted YAML scalar.
    Yaml,
    /// The inside of a single-quoted SQL literal.
    Sql,
    /// A URI component.
    Uri,
    /// Standard base64 with padding.
    Base64,
}

/// What stands behind a [`Secret`]: the host's resource, or a mock's table.
pub trait RawSecret {
    /// See [`Secret::token`].
    fn token(&self, encodings: &[Encoding]) -> String;
    /// See [`Secret::matches`].
    fn matches(&self, text: &str) -> bool;
}

/// A handle to a value that only the host knows.
#[derive(Clone)]
pub struct Secret(Rc<dyn RawSecret>);

impl Secret {
    /// Wraps what the host or a mock handed over; a sink has no need for it.
    pub fn new(raw: impl RawSecret + 'static) -> Self {
        Self(Rc::new(raw))
    }

    /// The token to write where the value belongs.
    ///
    /// Name the encodings of the position, innermost first: a member of a JSON object is
    /// `[Json]`; a member of a JSON object that itself stands, as text, in a member of the body is
    /// `[Json, Json]`. Quotes around it are the sink's own. At most three, `Base64` at most once.
    pub fn token(&self, encodings: &[Encoding]) -> String {
        self.0.token(encodings)
    }

    /// Whether `text`, a token that the host handed to this call, stands for this value.
    pub fn matches(&self, text: &str) -> bool {
        self.0.matches(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The pair that a runner signs in with. The id is no secret.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The public half.
    pub client_id: String,
    /// The half that only the host can read.
    pub client_secret: Secret,
}
