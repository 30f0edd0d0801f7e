//! A query, as questions to the inverted form.

use std::net::IpAddr;

use super::{
    super::{
        Clause, Comparison, Instant, Keyword, Number, NumberField, Path, Pattern, Query, TimeField,
        ValueTest, Wildcard, Words,
    },
    encode,
};
use crate::{EntryId, Outcome, Severity};

/// What an index runs. The same tree as the query's, with leaves that an index can answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    All,
    Not(Box<Self>),
    And(Vec<Self>),
    /// Of none, nothing matches.
    Or(Vec<Self>),
    Leaf(Leaf),
}

/// One question to an index.
#[derive(Clone, Debug, PartialEq)]
pub enum Leaf {
    Term(String),
    Range(TermRange),
    /// A term that begins so, and whose rest is such a text.
    Pattern {
        prefix: String,
        pattern: Wildcard,
    },
    /// Tokens side by side in one text; at least one.
    Phrase {
        field: TextField,
        tokens: Vec<String>,
    },
    /// The beginning of a token.
    TokenPrefix {
        field: TextField,
        prefix: String,
    },
    // What stands in columns.
    Id(EntryId),
    Seq {
        comparison: Comparison,
        number: u64,
    },
    Severity {
        comparison: Comparison,
        severity: Severity,
    },
    Outcome(Outcome),
    Time {
        field: TimeField,
        comparison: Comparison,
        instant: Instant,
    },
}

/// Terms from one to another, both included, in the order of their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermRange {
    pub first: String,
    pub last: String,
}

/// Where words are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextField {
    /// All free texts.
    Any,
    Message,
}

impl Plan {
    pub fn of(query: &Query) -> Self {
        match query {
            Query::All => Self::All,
            Query::Not(inner) => Self::Not(Box::new(Self::of(inner))),
            Query::And(several) => Self::And(several.iter().map(Self::of).collect()),
            Query::Or(several) => Self::Or(several.iter().map(Self::of).collect()),
            Query::Clause(clause) => Self::clause(clause),
        }
    }

    fn clause(clause: &Clause) -> Self {
        let leaf = match clause {
            Clause::Text(words) => Leaf::words(TextField::Any, words),
            Clause::Message(words) => Leaf::words(TextField::Message, words),
            Clause::Exists(Path::Fixed("id" | "seq" | "received_at" | "time")) => return Self::All,
            Clause::Exists(Path::Fixed(name)) => Leaf::Term(term('p', name)),
            Clause::Exists(Path::Within(root, path)) => {
                Leaf::Term(term('p', &format!("{}.{path}", root.name())))
            }
            Clause::Is { field, pattern } => {
                return match field {
                    Keyword::Actor => Self::either("actor.id", "actor.name", pattern),
                    Keyword::Resource => Self::either("resource.id", "resource.name", pattern),
                    other => Self::Leaf(Leaf::text(other.name(), pattern)),
                };
            }
            Clause::Value { root, path, test } => {
                return Self::value(&format!("{}.{path}", root.name()), test);
            }
            Clause::Id(id) => Leaf::Id(*id),
            Clause::Number { field: NumberField::Seq, comparison, number } => {
                Leaf::Seq { comparison: *comparison, number: *number }
            }
            Clause::Number { field, comparison, number } => {
                let Some(range) = within(*comparison, *number, u64::MAX) else { return Self::Or(Vec::new()) };
                Leaf::Range(TermRange::new('q', field.name(), |digits| {
                    (hex64(digits, range.0), hex64(digits, range.1))
                }))
            }
            Clause::Severity { comparison, severity } => {
                Leaf::Severity { comparison: *comparison, severity: *severity }
            }
            Clause::Outcome(outcome) => Leaf::Outcome(*outcome),
            Clause::Address { field, network } => {
                let network = network.get();
                let ends = (network.network(), network.broadcast());
                Leaf::Range(TermRange::new('a', field.name(), |start| {
                    (address(start, ends.0), address(start, ends.1))
                }))
            }
            Clause::Time { field, comparison, instant } => {
                Leaf::Time { field: *field, comparison: *comparison, instant: *instant }
            }
        };
        Self::Leaf(leaf)
    }

    fn either(one: &str, other: &str, pattern: &Pattern) -> Self {
        Self::Or(vec![Self::Leaf(Leaf::text(one, pattern)), Self::Leaf(Leaf::text(other, pattern))])
    }

    fn value(path: &str, test: &ValueTest) -> Self {
        let mut any = Vec::new();
        match test {
            ValueTest::Is(pattern) => {
                any.push(Self::Leaf(Leaf::text(path, pattern)));
                if let Pattern::Literal(literal) = pattern {
                    if let Some(number) = Number::parse(literal) {
                        let mut term = beginning('n', path);
                        encode::number(&mut term, number);
                        any.push(Self::Leaf(Leaf::Term(term)));
                    }
                    if matches!(literal.as_str(), "true" | "false" | "null") {
                        any.push(Self::Leaf(Leaf::Term(beginning('l', path) + literal)));
                    }
                }
            }
            ValueTest::Ordered(order, number) => {
                let ordinal = encode::ordinal(*number);
                if let Some((first, last)) = within(Comparison::from(*order), ordinal, u64::MAX) {
                    any.extend(['n', 'm'].map(|kind| {
                        Self::Leaf(Leaf::Range(TermRange::new(kind, path, |start| {
                            (hex64(start, first), hex64(start, last))
                        })))
                    }));
                }
            }
        }
        if any.len() == 1 { any.remove(0) } else { Self::Or(any) }
    }
}

impl Leaf {
    fn words(field: TextField, words: &Words) -> Self {
        match words {
            Words::Phrase(phrase) => Self::Phrase { field, tokens: phrase.tokens().to_vec() },
            Words::Prefix(prefix) => Self::TokenPrefix { field, prefix: prefix.as_str().to_owned() },
        }
    }

    fn text(path: &str, pattern: &Pattern) -> Self {
        let prefix = beginning('s', path);
        match pattern {
            Pattern::Literal(literal) => Self::Term(prefix + literal),
            Pattern::Wildcard(wildcard) => Self::Pattern { prefix, pattern: wildcard.clone() },
        }
    }
}

impl TermRange {
    fn new(kind: char, path: &str, ends: impl FnOnce(&str) -> (String, String)) -> Self {
        let (first, last) = ends(&beginning(kind, path));
        Self { first, last }
    }

    pub fn contains(&self, term: &str) -> bool {
        self.first.as_str() <= term && term <= self.last.as_str()
    }
}

/// The numbers that stand so to `number`, from and to; `None` where there is none.
fn within(comparison: Comparison, number: u64, max: u64) -> Option<(u64, u64)> {
    Some(match comparison {
        Comparison::Equal => (number, number),
        Comparison::Less => (0, number.checked_sub(1)?),
        Comparison::AtMost => (0, number),
        Comparison::More => (number.checked_add(1)?, max),
        Comparison::AtLeast => (number, max),
    })
}

fn term(kind: char, path: &str) -> String {
    let mut term = String::from(kind);
    encode::path(&mut term, path);
    term
}

fn beginning(kind: char, path: &str) -> String {
    let mut term = term(kind, path);
    term.push(encode::END);
    term
}

fn hex64(start: &str, number: u64) -> String {
    let mut term = start.to_owned();
    encode::digits(&mut term, number);
    term
}

fn address(start: &str, address: IpAddr) -> String {
    let mut term = start.to_owned();
    encode::address(&mut term, address);
    term
}
