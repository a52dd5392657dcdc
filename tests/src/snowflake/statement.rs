//! The statements that the stand-in knows, read from their text by rules of their own: nothing here
//! shares code with what writes them. What is not one of them to its very end is a syntax error.

use super::token::{Token, tokens};

/// A kind of statement, or the question how one stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each is named for its statement")]
pub enum Operation {
    AlterSecret,
    DescribeSecret,
    GrantsOnSecret,
    DescribeService,
    GrantsOnService,
    ShowContainers,
    Suspend,
    Resume,
    DescribeProcedure,
    Call,
    /// GET of a statement that runs.
    Progress,
}

/// A statement that was understood.
pub(super) struct Statement {
    pub operation: Operation,
    /// The parts of the object's name, as Snowflake would list them.
    pub object: Vec<String>,
    /// The string that is set.
    pub literal: String,
}

/// What may stand at a place of a statement.
enum Place {
    Word(&'static str),
    Mark(char),
    Name,
    Literal,
}

use Place::{Literal, Mark, Name, Word};

const KNOWN: &[(Operation, &[Place])] = &[
    (
        Operation::AlterSecret,
        &[
            Word("ALTER"),
            Word("SECRET"),
            Name,
            Word("SET"),
            Word("SECRET_STRING"),
            Mark('='),
            Literal,
        ],
    ),
    (
        Operation::DescribeSecret,
        &[Word("DESCRIBE"), Word("SECRET"), Name],
    ),
    (
        Operation::GrantsOnSecret,
        &[
            Word("SHOW"),
            Word("GRANTS"),
            Word("ON"),
            Word("SECRET"),
            Name,
        ],
    ),
    (
        Operation::DescribeService,
        &[Word("DESCRIBE"), Word("SERVICE"), Name],
    ),
    (
        Operation::GrantsOnService,
        &[
            Word("SHOW"),
            Word("GRANTS"),
            Word("ON"),
            Word("SERVICE"),
            Name,
        ],
    ),
    (
        Operation::ShowContainers,
        &[
            Word("SHOW"),
            Word("SERVICE"),
            Word("CONTAINERS"),
            Word("IN"),
            Word("SERVICE"),
            Name,
        ],
    ),
    (
        Operation::Suspend,
        &[Word("ALTER"), Word("SERVICE"), Name, Word("SUSPEND")],
    ),
    (
        Operation::Resume,
        &[Word("ALTER"), Word("SERVICE"), Name, Word("RESUME")],
    ),
    (
        Operation::DescribeProcedure,
        &[
            Word("DESCRIBE"),
            Word("PROCEDURE"),
            Name,
            Mark('('),
            Mark(')'),
        ],
    ),
    (Operation::Call, &[Word("CALL"), Name, Mark('('), Mark(')')]),
];

/// Reads a statement.
pub(super) fn read(text: &str) -> Option<Statement> {
    let tokens = tokens(text)?;
    KNOWN
        .iter()
        .find_map(|(operation, places)| fit(*operation, places, &tokens))
}

fn fit(operation: Operation, places: &[Place], tokens: &[Token]) -> Option<Statement> {
    let mut statement = Statement {
        operation,
        object: Vec::new(),
        literal: String::new(),
    };
    let mut rest = tokens;
    for place in places {
        let (first, after) = rest.split_first()?;
        rest = match (place, first) {
            (Word(word), Token::Plain(own)) if own == word => after,
            (Mark(mark), Token::Mark(own)) if own == mark => after,
            (Literal, Token::Literal(text)) => {
                statement.literal.clone_from(text);
                after
            }
            (Name, _) => name(rest, &mut statement.object)?,
            _ => return None,
        };
    }
    rest.is_empty().then_some(statement)
}

/// Takes identifiers with dots between them.
fn name<'a>(tokens: &'a [Token], parts: &mut Vec<String>) -> Option<&'a [Token]> {
    let mut rest = tokens;
    loop {
        let (first, after) = rest.split_first()?;
        match first {
            Token::Plain(part) | Token::Quoted(part) => parts.push(part.clone()),
            _ => return None,
        }
        match after.split_first() {
            Some((Token::Mark('.'), next)) => rest = next,
            _ => return Some(after),
        }
    }
}
