//! Why an export broke off.

use custody_ledger::LedgerError;
use custody_proof::bundle::Fault;
use parquet::errors::ParquetError;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// What is kept for an entry is no canonical object.
    #[error("the content of entry {seq} is not canonical")]
    Content { seq: u64 },
    /// A defect, or no memory.
    #[error("the file cannot be made: {0}")]
    Parquet(#[from] ParquetError),
    #[error("the file cannot be made: {0}")]
    Compression(#[from] std::io::Error),
    /// What the log holds is not what it signed.
    #[error("the log's entries are not those of its checkpoint: {0}")]
    NotProven(#[from] Fault),
    /// Nothing of the log is signed yet, or the signature cannot be had.
    #[error("nothing of the log is signed yet")]
    NotSigned,
    /// A thread of ours panicked, or the program stops.
    #[error("the work was broken off")]
    BrokenOff,
}
