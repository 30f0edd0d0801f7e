//! The query language: one syntax tree, one meaning.
//!
//! Syntax, words, patterns and rendering are the same whatever is asked about; the fields are a vocabulary's.
//! Here is that of entries; that of findings is in `finding::query`.
//!
//! [`Query::matches`] is the definition; every executor (the linear one, an index, a stream) runs
//! the same tree and must answer the same entries. docs/query.md is its normative page, and its
//! examples are run as tests.

mod analyse;
mod ast;
mod comparison;
pub mod fields;
mod filters;
pub(crate) mod given;
mod instant;
pub(crate) mod lexer;
mod matches;
mod network;
mod number;
pub(crate) mod parse;
mod pattern;
mod received_range;
mod render;
mod term;
pub mod terms;
mod values;
pub(crate) mod vocabulary;
mod words;

#[cfg(any(test, feature = "arbitrary"))]
pub mod arbitrary;
#[cfg(test)]
pub(crate) mod documented;
#[cfg(test)]
mod inverted;
#[cfg(test)]
mod tests;

pub use analyse::{ANALYSER_VERSION, TOKEN_CHARS_MAX, fold, tokens, tokens_of_folded};
pub use ast::{Clause, Query, Several, ValueTest};
pub use comparison::{Comparison, Order};
pub use fields::{AddressField, Field, Keyword, NumberField, Path, Root, TimeField};
pub use filters::{FilterError, Filters};
pub use instant::Instant;
pub use network::Network;
pub use number::Number;
pub use parse::{CLAUSES_MAX, DEPTH_MAX, QUERY_BYTES_MAX, SyntaxError, parse};
pub use pattern::{EXACT_BYTES_MAX, Pattern, STARS_MAX, Wildcard};
pub use received_range::ReceivedRange;
pub use words::{Phrase, Prefix, Words};
