//! What a query can be about.

use std::fmt;

use super::{Comparison, Query, Words, lexer::Given};

/// The clauses of one kind of thing: its fields, and what each may be asked for. Syntax, words, patterns
/// and rendering are the same for all.
pub(crate) trait Vocabulary: fmt::Display + Sized {
    /// What hints show.
    const EXAMPLES: Examples;

    /// Words that belong to no field.
    fn text(words: Words) -> Self;

    /// `exists:name`; none where there is no such name.
    fn exists(name: &str) -> Option<Self>;

    /// `name`, then the comparison, then the value; none where there is no such field.
    fn term(name: &str, comparison: Comparison, value: &Given) -> Option<Result<Query<Self>, Refusal>>;

    fn has(name: &str) -> bool;

    /// What is told of a name that is no field's.
    fn unknown(name: &str) -> Refusal;

    /// How many clauses it counts as: each word of a phrase is one.
    fn words(&self) -> usize;
}

/// Terms that a hint can show, as they are written.
#[derive(Debug)]
pub(crate) struct Examples {
    pub(crate) excluded: &'static str,
    pub(crate) exists: &'static str,
    pub(crate) pattern: &'static str,
}

/// Why a field cannot be asked for this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) detail: String,
    pub(crate) hint: String,
}

pub(crate) fn refusal(detail: impl Into<String>, hint: impl Into<String>) -> Refusal {
    Refusal { detail: detail.into(), hint: hint.into() }
}
