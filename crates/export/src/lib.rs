//! Entries as files: NDJSON, a JSON array, CSV, Parquet, and bundles of a query's entries; streamed in
//! constant memory, with a manifest at the end by which a cut is noticed (docs/export.md).
//!
//! May know: the ledger, what is asked and what its asker may read, the objects port for what stays. It
//! alone has the columnar libraries, which are heavy. Must not: know HTTP, give a query a meaning of its
//! own, or write an entry that the grant does not give.

mod assemble;
mod bundle;
pub mod compression;
pub mod errors;
pub mod export;
pub mod format;
pub mod job;
mod link;
pub mod manifest;
mod members;
mod pipeline;
mod render;
mod running;
mod source;
mod table;
pub mod trail;

pub use compression::Compression;
pub use errors::ExportError;
pub use export::{Export, Exports, Piece, Request};
pub use format::Format;
pub use job::{ExportLogs, ExportServices};
pub use manifest::Manifest;
pub use running::RUNNING;
