//! The parser's events with the bytes they stand at. The parser counts characters.

use std::ops::Range;

use saphyr_parser::{Event, Parser};

/// Where the text is no YAML.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Syntax {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) problem: String,
}

#[derive(Debug)]
pub(super) struct Events<'t>(Vec<(Event<'t>, Range<usize>)>);

impl<'t> Events<'t> {
    pub(super) fn parse(text: &'t str) -> Result<Self, Syntax> {
        let mut offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        offsets.push(text.len());
        let byte = |character: usize| offsets.get(character).copied().unwrap_or(text.len());
        let mut events = Vec::new();
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| Syntax {
                line: error.marker().line(),
                column: error.marker().col() + 1,
                problem: error.info().to_owned(),
            })?;
            let start = byte(span.start.index());
            events.push((event, start..byte(span.end.index()).max(start)));
        }
        Ok(Self(events))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Event<'t>> {
        self.0.iter().map(|(event, _)| event)
    }

    pub(super) fn get(&self, index: usize) -> &Event<'t> {
        &self.0[index].0
    }

    pub(super) fn span(&self, index: usize) -> Range<usize> {
        self.0[index].1.clone()
    }

    /// The root node of each document.
    pub(super) fn documents(&self) -> impl Iterator<Item = usize> {
        let starts = self.0.iter().enumerate();
        starts
            .filter(|(_, (event, _))| matches!(event, Event::DocumentStart(_)))
            .map(|(index, _)| index + 1)
    }

    /// Keys and values of the mapping that begins there.
    pub(super) fn members(&self, mapping: usize) -> Vec<(usize, usize)> {
        let mut members = Vec::new();
        let mut at = mapping + 1;
        while *self.get(at) != Event::MappingEnd {
            let value = self.after(at);
            members.push((at, value));
            at = self.after(value);
        }
        members
    }

    /// The node after the one that begins there.
    fn after(&self, node: usize) -> usize {
        let mut depth = 0_usize;
        let mut at = node;
        loop {
            match self.get(at) {
                Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
                Event::MappingEnd | Event::SequenceEnd => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 {
                return at;
            }
        }
    }
}
