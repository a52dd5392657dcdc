//! What a sink asks for. Texts are templates over the settings: `{name}` is a setting, `{attempt}`
//! and `{runner_id}` the target's own, `{{` and `}}` are braces. A need that names an absent
//! setting does not exist for that target.

/// One thing that a sink asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// One kind of request.
    Http(HttpNeed),
    /// One file of the operator's.
    File(FileNeed),
    /// One program of the operator's.
    Command(CommandNeed),
}

/// One kind of request. A request that matches no need is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpNeed {
    /// The method.
    pub method: String,
    /// `https://host/path?query`; a path ending in `*` is a prefix, `?*` allows any query.
    pub url: String,
    /// Headers that must be present with exactly this value, or any where it is `*`.
    pub headers: Vec<(String, String)>,
    /// JSON pointers into the body and what must stand there; the body may hold nothing else.
    pub body: Vec<(String, String)>,
    /// The name of the operator's credential that the host adds.
    pub auth: Option<String>,
    /// Whether tokens are replaced by values in this request's body.
    pub carries_secret: bool,
    /// Fields of the answer that the sink gets as tokens.
    pub seals: Vec<String>,
    /// For the operator who approves: why.
    pub reason: String,
}

impl HttpNeed {
    /// A request by the method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            auth: None,
            carries_secret: false,
            seals: Vec::new(),
            reason: String::new(),
        }
    }

    /// A GET.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// A POST.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// A PUT.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new("PUT", url)
    }

    /// A PATCH.
    pub fn patch(url: impl Into<String>) -> Self {
        Self::new("PATCH", url)
    }

    /// The header must be present with this value; `*` is any.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// What must stand at the pointer; `*` is anything or nothing, `{token}` exactly one token.
    pub fn body(mut self, pointer: impl Into<String>, value: impl Into<String>) -> Self {
        self.body.push((pointer.into(), value.into()));
        self
    }

    /// Any body.
    pub fn any_body(self) -> Self {
        self.body("", "*")
    }

    /// The host adds this credential of the operator's.
    pub fn auth(mut self, name: impl Into<String>) -> Self {
        self.auth = Some(name.into());
        self
    }

    /// Tokens in the body are replaced by values.
    pub fn carries_secret(mut self) -> Self {
        self.carries_secret = true;
        self
    }

    /// A field of the answer that the sink gets as a token.
    pub fn seals(mut self, pointer: impl Into<String>) -> Self {
        self.seals.push(pointer.into());
        self
    }

    /// Why the sink needs it.
    pub fn reason(mut self, text: impl Into<String>) -> Self {
        self.reason = text.into();
        self
    }
}

/// What may be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It may be read.
    Read,
    /// It may be read and replaced.
    Replace,
}

/// One file of the operator's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileNeed {
    /// How the sink names it.
    pub name: String,
    /// Where it is; only in a folder that the operator opened.
    pub path: String,
    /// What may be done with it.
    pub access: Access,
    /// Whether tokens are replaced by values when it is replaced.
    pub carries_secret: bool,
    /// Fields that the sink gets as tokens.
    pub seals: Vec<String>,
    /// For the operator who approves: why.
    pub reason: String,
}

impl FileNeed {
    /// A file that is read.
    pub fn read(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            path: path.into(),
            access: Access::Read,
            carries_secret: false,
            seals: Vec::new(),
            reason: String::new(),
        }
    }

    /// A file that is read and replaced.
    pub fn replace(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            access: Access::Replace,
            ..Self::read(name, path)
        }
    }

    /// Tokens are replaced by values when it is replaced.
    pub fn carries_secret(mut self) -> Self {
        self.carries_secret = true;
        self
    }

    /// A field that the sink gets as a token.
    pub fn seals(mut self, pointer: impl Into<String>) -> Self {
        self.seals.push(pointer.into());
        self
    }

    /// Why the sink needs it.
    pub fn reason(mut self, text: impl Into<String>) -> Self {
        self.reason = text.into();
        self
    }
}

/// A program of the operator's, run without a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandNeed {
    /// How the sink names it.
    pub name: String,
    /// The program and its arguments; an element that names an absent setting is left out.
    pub argv: Vec<String>,
    /// Where it runs.
    pub directory: Option<String>,
    /// Fields of a JSON output that the sink gets as tokens.
    pub seals: Vec<String>,
    /// For the operator who approves: why.
    pub reason: String,
}

impl CommandNeed {
    /// A program with its arguments.
    pub fn new<T: Into<String>>(
        name: impl Into<String>,
        argv: impl IntoIterator<Item = T>,
    ) -> Self {
        Self {
            name: name.into(),
            argv: argv.into_iter().map(Into::into).collect(),
            directory: None,
            seals: Vec::new(),
            reason: String::new(),
        }
    }

    /// Where it runs.
    pub fn directory(mut self, path: impl Into<String>) -> Self {
        self.directory = Some(path.into());
        self
    }

    /// A field of its JSON output that the sink gets as a token.
    pub fn seals(mut self, pointer: impl Into<String>) -> Self {
        self.seals.push(pointer.into());
        self
    }

    /// Why the sink needs it.
    pub fn reason(mut self, text: impl Into<String>) -> Self {
        self.reason = text.into();
        self
    }
}

impl From<HttpNeed> for Need {
    fn from(need: HttpNeed) -> Self {
        Self::Http(need)
    }
}

impl From<FileNeed> for Need {
    fn from(need: FileNeed) -> Self {
        Self::File(need)
    }
}

impl From<CommandNeed> for Need {
    fn from(need: CommandNeed) -> Self {
        Self::Command(need)
    }
}
