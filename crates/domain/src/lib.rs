//! What Custody means: entries and their ids, the canonical form, salted member commitments, the
//! Merkle tree of RFC 6962, and the query language with its analyser.
//!
//! May know: the standard library and small, pure crates. Must not: do input or output, read a
//! clock that was not handed in, or depend on any other crate of the workspace. Everything here is
//! a function of its arguments, so that a proof made by a server can be recomputed anywhere.

pub mod body;
pub mod canonical;
pub mod columns;
pub mod commitment;
pub mod content;
mod digest;
pub mod entry;
mod entry_id;
pub mod finding;
pub mod id;
pub mod json;
pub mod leaf;
pub mod merkle;
pub mod outcome;
pub mod producer;
pub mod query;
pub mod severity;
mod stored_columns;
pub mod time;

pub use body::{Body, Disclosure};
pub use digest::Hash;
pub use entry::Entry;
pub use entry_id::ClockState;
pub use finding::{CheckStatus, Delta, Evidence, FindingSeverity, FindingStatus, ScanStatus, TriageState};
pub use id::*;
pub use outcome::Outcome;
pub use severity::Severity;
pub use stored_columns::StoredColumns;
