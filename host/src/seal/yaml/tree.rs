//! A YAML text as a flat list of nodes that know their place in it.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use zeroize::Zeroizing;

use super::YamlError;

/// How deep a document may be nested.
pub const DEEPEST: usize = 128;

/// How a scalar is written; how a block's lines are joined makes no difference here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Single,
    Double,
    Block,
}

/// A scalar and the bytes it is written with, as the parser reports them: from its anchor or tag, if
/// it has any; else from the first line of a block, and from the beginning of every other.
pub struct Scalar {
    pub value: Zeroizing<String>,
    pub style: Style,
    pub start: usize,
    pub end: usize,
    pub line: usize,
    pub properties: bool,
}

pub enum Node {
    Scalar(Scalar),
    Sequence(Vec<usize>),
    Mapping(Vec<(usize, usize)>),
    Alias(usize),
}

impl Node {
    /// Whether both are the same collection or alias.
    pub fn same_shape(&self, other: &Self) -> bool {
        match (self, other) {
            (Node::Sequence(one), Node::Sequence(other)) => one == other,
            (Node::Mapping(one), Node::Mapping(other)) => one == other,
            (Node::Alias(one), Node::Alias(other)) => one == other,
            _ => false,
        }
    }
}

/// All documents of a text; nodes in its order.
pub struct Tree {
    pub nodes: Vec<Node>,
    pub roots: Vec<usize>,
}

impl Tree {
    /// # Errors
    /// If the text is no YAML.
    pub fn parse(text: &str) -> Result<Self, YamlError> {
        let mut growing = Growing {
            tree: Tree {
                nodes: Vec::new(),
                roots: Vec::new(),
            },
            open: Vec::new(),
            anchors: HashMap::new(),
            place: Place {
                text,
                chars: 0,
                bytes: 0,
            },
        };
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| syntax(&error))?;
            growing.take(event, span)?;
        }
        Ok(growing.tree)
    }

    /// What a scalar means, through aliases.
    pub fn text(&self, id: usize) -> Option<&str> {
        match &self.nodes[id] {
            Node::Scalar(scalar) => Some(&scalar.value),
            Node::Alias(anchored) => match &self.nodes[*anchored] {
                Node::Scalar(scalar) => Some(&scalar.value),
                _ => None,
            },
            _ => None,
        }
    }
}

struct Growing<'t> {
    tree: Tree,
    /// Collections whose end has not come, with their children.
    open: Vec<(usize, Vec<usize>)>,
    anchors: HashMap<usize, usize>,
    place: Place<'t>,
}

impl Growing<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlError> {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let start = self.place.of(span.start.index());
                let scalar = Scalar {
                    value: Zeroizing::new(value.into_owned()),
                    style: match style {
                        ScalarStyle::Plain => Style::Plain,
                        ScalarStyle::SingleQuoted => Style::Single,
                        ScalarStyle::DoubleQuoted => Style::Double,
                        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                    },
                    start,
                    end: self.place.of(span.end.index()).max(start),
                    line: span.start.line(),
                    properties: anchor != 0 || tag.is_some(),
                };
                self.add(Node::Scalar(scalar), anchor);
            }
            Event::Alias(anchor) => {
                let anchored = self.anchors.get(&anchor).copied();
                // An alias to something around itself has no end.
                let around = |id: &usize| self.open.iter().any(|(open, _)| open == id);
                let anchored = anchored.filter(|id| !around(id));
                self.add(Node::Alias(anchored.ok_or(YamlError::Deep)?), 0);
            }
            Event::SequenceStart(anchor, _tag) => self.begin(Node::Sequence(Vec::new()), anchor)?,
            Event::MappingStart(anchor, _tag) => self.begin(Node::Mapping(Vec::new()), anchor)?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((id, children)) = self.open.pop() {
                    match &mut self.tree.nodes[id] {
                        Node::Sequence(elements) => *elements = children,
                        Node::Mapping(members) => {
                            *members = children.chunks_exact(2).map(|c| (c[0], c[1])).collect();
                        }
                        Node::Scalar(_) | Node::Alias(_) => {}
                    }
                }
            }
            Event::DocumentStart(_) => self.anchors.clear(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn begin(&mut self, node: Node, anchor: usize) -> Result<(), YamlError> {
        if self.open.len() >= DEEPEST {
            return Err(YamlError::Deep);
        }
        let id = self.add(node, anchor);
        self.open.push((id, Vec::new()));
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> usize {
        let id = self.tree.nodes.len();
        self.tree.nodes.push(node);
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        match self.open.last_mut() {
            Some((_, children)) => children.push(id),
            None => self.tree.roots.push(id),
        }
        id
    }
}

/// The parser counts characters; this turns its counts, which only grow, into bytes.
struct Place<'t> {
    text: &'t str,
    chars: usize,
    bytes: usize,
}

impl Place<'_> {
    fn of(&mut self, chars: usize) -> usize {
        if chars < self.chars {
            (self.chars, self.bytes) = (0, 0);
        }
        let rest = &self.text[self.bytes..];
        let skip = chars - self.chars;
        let ahead = rest
            .char_indices()
            .nth(skip)
            .map_or(rest.len(), |(at, _)| at);
        self.chars = chars;
        self.bytes += ahead;
        self.bytes
    }
}

fn syntax(error: &ScanError) -> YamlError {
    YamlError::Syntax {
        line: error.marker().line(),
        column: error.marker().col() + 1,
        problem: error.info().to_owned(),
    }
}
