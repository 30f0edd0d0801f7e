//! The search port, and the executors behind it: they answer the questions that the ledger, which
//! only keeps, does not.
//!
//! May know: the ledger, scopes, the query's syntax tree. Must not: give the language a meaning of
//! its own ([`custody_domain::query::Query::matches`] is the meaning), answer for less than the
//! scope's tenant holds without saying so, or for more than the scope may read.

pub mod asked;
mod chunk;
pub mod cursor;
pub mod errors;
mod indexed;
pub mod linear;
pub mod live;
mod log;
pub mod opensearch;
pub mod port;
pub mod related;
pub mod sort;
pub mod stats;
pub mod tantivy;

pub use asked::Asked;
pub use cursor::{CursorError, CursorKey, Place, Turn};
pub use errors::SearchError;
pub use linear::{Linear, LinearLimits};
pub use live::{Item, Live, LiveConfig, LiveError, Reader, Shown};
pub use log::Log;
pub use port::{LIMIT_MAX, Page, PageRequest, Search, StopReason, Stopped, Total};
pub use sort::{Sort, UnknownSort};
pub use stats::{Stats, StatsRequest};
