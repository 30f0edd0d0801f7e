//! The syntax tree that every executor runs.

use super::{
    AddressField, Comparison, Instant, Keyword, Network, Number, NumberField, Order, Path, Pattern, Root,
    TimeField, Words,
};
use crate::{EntryId, Outcome, Severity};

/// A query. [`Query::matches`] says what it means.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// Every entry: `*`, or nothing at all.
    All,
    /// The entries that the inner query does not match, also where they lack the field it asks for.
    Not(Box<Query>),
    /// Made by [`Query::and`].
    And(Several),
    /// Made by [`Query::or`].
    Or(Several),
    Clause(Clause),
}

/// At least two queries, none of them of the kind that holds them: `and` and `or` flatten, so that
/// equal trees have equal renderings.
#[derive(Clone, Debug, PartialEq)]
pub struct Several(Vec<Query>);

/// One question to one entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    /// Words in the free text: message, names, every text in metadata, before and after.
    Text(Words),
    /// Words in the message.
    Message(Words),
    Exists(Path),
    Is {
        field: Keyword,
        pattern: Pattern,
    },
    /// A value in `metadata`, `before` or `after`, at a dotted path; of an array, any element.
    Value {
        root: Root,
        path: String,
        test: ValueTest,
    },
    Id(EntryId),
    Number {
        field: NumberField,
        comparison: Comparison,
        number: u64,
    },
    Severity {
        comparison: Comparison,
        severity: Severity,
    },
    Outcome(Outcome),
    Address {
        field: AddressField,
        network: Network,
    },
    Time {
        field: TimeField,
        comparison: Comparison,
        instant: Instant,
    },
}

/// What is asked of a value whose type is not fixed.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueTest {
    Is(Pattern),
    /// Against numbers, and texts that are written as one. Never [`Comparison::Equal`], which is
    /// [`ValueTest::Is`].
    Ordered(Order, Number),
}

impl Query {
    /// All of them; of none, every entry.
    pub fn and(queries: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for query in queries {
            match query {
                Self::All => {}
                Self::And(Several(inner)) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        Several::or_one(flat, Self::And).unwrap_or(Self::All)
    }

    /// Any of them; of none, no entry.
    pub fn or(queries: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for query in queries {
            match query {
                Self::Or(Several(inner)) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        Several::or_one(flat, Self::Or).unwrap_or_else(|| Self::negated(Self::All))
    }

    /// Every entry that `query` does not match.
    pub fn negated(query: Self) -> Self {
        Self::Not(Box::new(query))
    }
}

impl Several {
    fn or_one(mut queries: Vec<Query>, of: fn(Self) -> Query) -> Option<Query> {
        if queries.len() > 1 {
            return Some(of(Self(queries)));
        }
        queries.pop()
    }
}

impl std::ops::Deref for Several {
    type Target = [Query];

    fn deref(&self) -> &[Query] {
        &self.0
    }
}

impl From<Clause> for Query {
    fn from(clause: Clause) -> Self {
        Self::Clause(clause)
    }
}
