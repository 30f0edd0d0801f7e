//! The executor over an index of Tantivy's: a folder a tenant, in it parts that never change, behind
//! them in memory what is in none yet (docs/search.md, docs/adr/0021).
//!
//! Of Tantivy it uses the files: terms, postings, positions, columns, and how they are merged. What a
//! query means is decided before, by `custody_domain::query::terms`; how a plan is run on sets of
//! documents, here.

mod bits;
mod build;
mod bundle;
mod error;
mod file;
mod find;
mod folder;
mod follow;
mod index;
mod merge;
mod page;
mod part;
mod run;
mod schema;
mod shelf;
mod slot;
mod stats;
mod view;

pub use error::{IndexError, PartError};
pub use follow::WAITING;
pub use index::{IndexLimits, Tantivy};
