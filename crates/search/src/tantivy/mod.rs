//! The executor over an index of Tantivy's.

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
pub use index::{IndexLimits, Tantivy};

#[doc(hidden)]
pub fn build_for_measurement(epoch: u32, entries: &[custody_ledger::StoredEntry]) -> Result<Vec<u8>, PartError> {
    build::build(epoch, entries)
}
