//! Why a reader gets nothing.

use custody_ledger::LedgerError;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// There is no such entry, and it is not the next one. Only whoever may read every entry is told.
    #[error("the log has {size} entries")]
    Beyond { size: u64 },
    /// The log is another one since it was restored; what a `seq` names now is not what it was.
    #[error("the log was restored")]
    Restored,
    /// Asking again goes on where it was.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
