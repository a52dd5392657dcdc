//! A place in the values, named as `helm --set` names it: `config.oauthClientSecret`, with `\.` for
//! a dot that belongs to a name.

use std::fmt;

/// The names on the way, from the outermost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(Vec<String>);

impl Key {
    pub(crate) fn parse(text: &str) -> Self {
        let mut names = vec![String::new()];
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '.' => names.push(String::new()),
                '\\' => last(&mut names).extend(characters.next()),
                other => last(&mut names).push(other),
            }
        }
        Self(names)
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }

    /// The same place in a JSON document.
    pub(crate) fn pointer(&self) -> String {
        let escaped = |name: &String| format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        self.0.iter().map(escaped).collect()
    }
}

fn last(names: &mut [String]) -> &mut String {
    names.last_mut().expect("there is always one")
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = |name: &String| name.replace('\\', "\\\\").replace('.', "\\.");
        f.write_str(&self.0.iter().map(escaped).collect::<Vec<_>>().join("."))
    }
}
