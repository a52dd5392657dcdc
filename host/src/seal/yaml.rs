//! Sealing by place in YAML. Only the text of the scalars named is replaced, in place and in its
//! own style, so that every other byte (comments, order, anchors, line ends) stays as it came.
//!
//! Where a scalar begins and ends is the parser's word; the result is parsed again and compared,
//! so that a wrong word shows nothing rather than too much.

mod tree;

use std::collections::{BTreeMap, HashSet};

use zeroize::Zeroizing;

use self::tree::{Node, Scalar, Style, Tree};
use super::fields::{Field, Segment};

/// Why fields can't be hidden in a YAML text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum YamlError {
    /// It is no YAML.
    #[error("line {line}, column {column}: {problem}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What the parser says; it names what it expected, not what it read.
        problem: String,
    },
    /// Nested too deep to be looked through.
    #[error("it is nested more than {} levels deep", tree::DEEPEST)]
    Deep,
    /// A scalar whose borders are not clear.
    #[error(
        "the value in line {line} is written in a way that can't be replaced in place; write it in double quotes"
    )]
    Unclear {
        /// From 1.
        line: usize,
    },
}

/// Which scalars are sealed.
pub enum Find<'a> {
    /// Those at these places, and all below them.
    At(&'a [Vec<Segment>]),
    /// Those whose meaning passes the test, keys as well.
    Holding(&'a dyn Fn(&str) -> bool),
}

/// Replaces scalars by what `mint` gives for them, in every document of the text; `None` if there
/// is nothing to replace. `mint` may decline a field.
///
/// # Errors
/// If the text is no YAML, or a scalar can't be replaced with certainty.
pub fn seal_yaml(
    text: &str,
    find: &Find<'_>,
    mint: &mut dyn FnMut(Field) -> Option<String>,
) -> Result<Option<Zeroizing<String>>, YamlError> {
    let tree = Tree::parse(text)?;
    let found: Vec<usize> = match find {
        Find::At(pointers) => at(&tree, pointers),
        Find::Holding(test) => {
            let all = 0..tree.nodes.len();
            all.filter(|id| matches!(&tree.nodes[*id], Node::Scalar(s) if test(&s.value)))
                .collect()
        }
    };
    let mut out = Zeroizing::new(String::with_capacity(text.len() + 64 * found.len()));
    let mut done = 0;
    let mut tokens = BTreeMap::new();
    for id in found {
        let Node::Scalar(scalar) = &tree.nodes[id] else {
            continue;
        };
        let Some((start, end)) = borders(text, scalar)? else {
            continue;
        };
        let field = Field {
            value: Zeroizing::new(meaning(scalar).to_owned()),
            bytes: Zeroizing::new(text.as_bytes()[start..end].to_vec()),
            bare: false,
        };
        if let Some(token) = mint(field) {
            out.push_str(&text[done..start]);
            out.push_str(&token);
            done = end;
            tokens.insert(id, token);
        }
    }
    if tokens.is_empty() {
        return Ok(None);
    }
    out.push_str(&text[done..]);
    check(&tree, &Tree::parse(&out), &tokens)?;
    Ok(Some(out))
}

/// The bytes that a token stands for: anchor, tag, quotes, block header and indentation stay where
/// they are.
fn borders(text: &str, scalar: &Scalar) -> Result<Option<(usize, usize)>, YamlError> {
    let unclear = || YamlError::Unclear { line: scalar.line };
    let mut source = text.get(scalar.start..scalar.end).ok_or_else(unclear)?;
    if scalar.properties {
        source = without_properties(source);
        if scalar.style == Style::Block {
            source = source
                .split_once('\n')
                .map_or("", |(_header, content)| content);
            source = source.trim_start();
        }
    }
    let start = source.as_ptr() as usize - text.as_ptr() as usize;
    let end = start + source.trim_end().len();
    match scalar.style {
        Style::Plain if matches!(&text[start..end], "" | "~" | "null" | "Null" | "NULL") => {
            Ok(None)
        }
        Style::Block if scalar.value.trim().is_empty() => Ok(None),
        Style::Plain | Style::Block => Ok(Some((start, end))),
        Style::Single => quoted(source, '\'')
            .map(|n| Some((start + 1, start + n)))
            .ok_or_else(unclear),
        Style::Double => quoted(source, '"')
            .map(|n| Some((start + 1, start + n)))
            .ok_or_else(unclear),
    }
}

/// What follows the anchor and the tag of a scalar, which may stand on lines before it.
fn without_properties(mut source: &str) -> &str {
    while let Some(first) = source.chars().next() {
        let skipped = match first {
            '&' | '!' => source.find(char::is_whitespace),
            '#' => source.find('\n'),
            first if first.is_whitespace() => Some(first.len_utf8()),
            _ => return source,
        };
        source = &source[skipped.unwrap_or(source.len())..];
    }
    source
}

/// Where the closing quote of a scalar stands that begins with the opening one.
fn quoted(source: &str, quote: char) -> Option<usize> {
    let mut characters = source.char_indices().peekable();
    characters.next().filter(|(_, first)| *first == quote)?;
    while let Some((at, character)) = characters.next() {
        let doubled = quote == '\'' && characters.peek().is_some_and(|(_, next)| *next == quote);
        match character {
            '\\' if quote == '"' => {
                characters.next();
            }
            character if character == quote && doubled => {
                characters.next();
            }
            character if character == quote => return Some(at),
            _ => {}
        }
    }
    None
}

/// What a scalar means; a block's line ends at its edges belong to the block, not to the value.
fn meaning(scalar: &Scalar) -> &str {
    match scalar.style {
        Style::Block => scalar.value.trim_matches('\n'),
        _ => &scalar.value,
    }
}

/// Whether nothing but the scalars meant has become tokens.
fn check(
    before: &Tree,
    after: &Result<Tree, YamlError>,
    tokens: &BTreeMap<usize, String>,
) -> Result<(), YamlError> {
    let first = tokens
        .keys()
        .next()
        .and_then(|id| match &before.nodes[*id] {
            Node::Scalar(scalar) => Some(scalar.line),
            _ => None,
        });
    let unclear = |line: usize| Err(YamlError::Unclear { line });
    let Ok(after) = after else {
        return unclear(first.unwrap_or(1));
    };
    if before.nodes.len() != after.nodes.len() || before.roots != after.roots {
        return unclear(first.unwrap_or(1));
    }
    for (id, (old, new)) in before.nodes.iter().zip(&after.nodes).enumerate() {
        let same = match (old, new) {
            (Node::Scalar(old), Node::Scalar(new)) => match tokens.get(&id) {
                Some(token) => old.style == new.style && meaning(new) == token,
                None => old.style == new.style && old.value == new.value,
            },
            (old, new) => old.same_shape(new),
        };
        if !same {
            return unclear(first.unwrap_or(1));
        }
    }
    Ok(())
}

/// The scalars at or below the places, in the order of the text.
fn at(tree: &Tree, pointers: &[Vec<Segment>]) -> Vec<usize> {
    let mut search = Search {
        tree,
        seen: HashSet::new(),
        found: Vec::new(),
    };
    for root in &tree.roots {
        for (index, pointer) in pointers.iter().enumerate() {
            search.node(*root, index, pointer);
        }
    }
    search.found.sort_unstable();
    search.found.dedup();
    search.found
}

/// A walk along pointers. Every place is passed once for every rest of a pointer, so that aliases
/// can't multiply the work.
struct Search<'t> {
    tree: &'t Tree,
    seen: HashSet<(usize, usize, usize)>,
    found: Vec<usize>,
}

impl Search<'_> {
    fn node(&mut self, id: usize, pointer: usize, rest: &[Segment]) {
        if !self.seen.insert((id, pointer, rest.len())) {
            return;
        }
        match (&self.tree.nodes[id], rest) {
            (Node::Alias(anchored), rest) => self.node(*anchored, pointer, rest),
            (Node::Scalar(_), []) => self.found.push(id),
            // JSON in a YAML scalar is hidden as a whole: its quoting depends on the scalar's style.
            (Node::Scalar(scalar), [Segment::Inside, ..]) if is_json(&scalar.value) => {
                self.found.push(id);
            }
            (Node::Scalar(_), _) => {}
            (Node::Sequence(elements), []) => {
                elements
                    .iter()
                    .for_each(|element| self.node(*element, pointer, rest));
            }
            (Node::Mapping(members), []) => {
                members
                    .iter()
                    .for_each(|(_, member)| self.node(*member, pointer, rest));
            }
            (Node::Sequence(elements), [step, below @ ..]) => {
                for (index, element) in elements.iter().enumerate() {
                    if is_step(step, &index.to_string()) {
                        self.node(*element, pointer, below);
                    }
                }
            }
            (Node::Mapping(members), [step, below @ ..]) => {
                for (key, member) in members {
                    let name = self.tree.text(*key);
                    if name == Some("<<") {
                        self.merged(*member, pointer, rest);
                    } else if name.map_or(*step == Segment::Every, |name| is_step(step, name)) {
                        self.node(*member, pointer, below);
                    }
                }
            }
        }
    }

    /// The members of a merged mapping stand as if they were the mapping's own.
    fn merged(&mut self, id: usize, pointer: usize, rest: &[Segment]) {
        match &self.tree.nodes[id] {
            Node::Sequence(all) => all.iter().for_each(|one| self.node(*one, pointer, rest)),
            _ => self.node(id, pointer, rest),
        }
    }
}

fn is_step(step: &Segment, name: &str) -> bool {
    match step {
        Segment::Every => true,
        Segment::Name(wanted) => wanted == name,
        Segment::Inside => false,
    }
}

fn is_json(text: &str) -> bool {
    matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'['))
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests;
