//! The syntax tree that every executor runs.

use super::{
    AddressField, Comparison, Instant, Keyword, Network, Number, NumberField, Order, Path, Pattern, Root,
    TimeField, Words,
};
use crate::{EntryId, Outcome, Severity};

/// A query, made of clauses of one vocabulary: those about entries, where nothing else is said.
/// [`Query::matches`] says what it means.
#[derive(Clone, Debug, PartialEq)]
pub enum Query<C = Clause> {
    /// Everything: `*`, or nothing at all.
    All,
    /// What the inner query does not match, also where it lacks the field that is asked for.
    Not(Box<Self>),
    /// Made by [`Query::and`].
    And(Several<C>),
    /// Made by [`Query::or`].
    Or(Several<C>),
    Clause(C),
}

/// At least two queries, none of them of the kind that holds them: `and` and `or` flatten, so that
/// equal trees have equal renderings.
#[derive(Clone, Debug, PartialEq)]
pub struct Several<C = Clause>(Vec<Query<C>>);

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

impl<C> Query<C> {
    /// All of them; of none, everything.
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

    /// Any of them; of none, nothing.
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

    /// Everything that `query` does not match.
    pub fn negated(query: Self) -> Self {
        Self::Not(Box::new(query))
    }

    /// What the tree says where `clause` says whether one of its clauses holds.
    pub(crate) fn holds(&self, clause: &impl Fn(&C) -> bool) -> bool {
        match self {
            Self::All => true,
            Self::Not(inner) => !inner.holds(clause),
            Self::And(several) => several.iter().all(|query| query.holds(clause)),
            Self::Or(several) => several.iter().any(|query| query.holds(clause)),
            Self::Clause(one) => clause(one),
        }
    }
}

impl<C> Several<C> {
    fn or_one(mut queries: Vec<Query<C>>, of: fn(Self) -> Query<C>) -> Option<Query<C>> {
        if queries.len() > 1 {
            return Some(of(Self(queries)));
        }
        queries.pop()
    }
}

impl<C> std::ops::Deref for Several<C> {
    type Target = [Query<C>];

    fn deref(&self) -> &[Query<C>] {
        &self.0
    }
}

impl<C> From<C> for Query<C> {
    fn from(clause: C) -> Self {
        Self::Clause(clause)
    }
}
