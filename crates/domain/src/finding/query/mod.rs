//! The query language (`crate::query`) over findings: other fields, the same syntax, words and patterns.
//!
//! [`Query::matches`](crate::query::Query::matches) is its meaning here too; [`Narrow`] is what a table can
//! know of it. docs/query.md has its fields.

mod clause;
mod fields;
mod filters;
mod matches;
mod narrow;
mod term;

#[cfg(any(test, feature = "arbitrary"))]
pub mod arbitrary;
#[cfg(test)]
mod documented;
#[cfg(test)]
mod tests;

pub use clause::{Clause, Word};
pub use fields::{Flag, IdField, TextField, TimeField, WordField, WordsField, names};
pub use filters::Filters;
pub use matches::{asks_for_said, asks_for_texts};
pub use narrow::{Narrow, OneOf};

use crate::query::{self as language, SyntaxError};

/// A query about findings.
pub type Query = language::Query<Clause>;

/// Reads one. Nothing but spaces is every finding.
pub fn parse(text: &str) -> Result<Query, SyntaxError> {
    language::parse::parse_in(text)
}
