//! The inverted form: what an index keeps of an entry, and what a query asks of that.
//!
//! Every index keeps just these terms and tokens and runs just these plans, so no two of them can
//! differ. [`of`] walks an entry; [`Plan::of`] turns a query round. [`super::Query::matches`] stays
//! the definition: a property test holds an index in memory, built from this form, to it.
//!
//! A term is a text whose first character is its kind:
//!
//! | kind | the rest | says |
//! |---|---|---|
//! | `p` | path | there is something at the path |
//! | `s` | path, U+0000, text | the text, of at most [`super::EXACT_BYTES_MAX`] bytes |
//! | `n` | path, U+0000, 16 hex digits | a JSON number, as an IEEE double whose order is the digits' |
//! | `m` | path, U+0000, 16 hex digits | a text that is written like a number |
//! | `l` | path, U+0000, `true`, `false`, `null` | a literal |
//! | `a` | path, U+0000, `4` and 8 hex digits, or `6` and 32 | an address |
//! | `q` | path, U+0000, 16 hex digits | a whole number of 64 bits |

mod encode;
mod kept;
mod plan;

pub use kept::{Kept, Text, of};
pub use plan::{Leaf, Plan, TermRange, TextField};

/// Rises whenever the same entry could give other terms: an index of another version must be
/// rebuilt. So does [`super::ANALYSER_VERSION`], for tokens.
pub const TERMS_VERSION: u32 = 1;

/// A longer path, in bytes, stands in terms as its hash, so that every term fits into every index.
const PATH_BYTES_MAX: usize = 512;
