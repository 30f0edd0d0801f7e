//! The executor over an index of Tantivy's.

mod bits;
mod build;
mod bundle;
mod error;
mod file;
mod part;
mod run;
mod schema;

pub use error::PartError;

#[doc(hidden)]
pub fn build_for_measurement(epoch: u64, entries: &[custody_ledger::StoredEntry]) -> Result<Vec<u8>, PartError> {
    build::build(epoch, entries)
}
