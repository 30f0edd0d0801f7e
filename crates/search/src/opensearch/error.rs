//! What can be wrong with a node.

use custody_ledger::LedgerError;

/// Why OpenSearch did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenSearchError {
    /// It cannot be reached, does not answer in time, or has no room at present. Tried again later.
    #[error("OpenSearch does not answer: {0}")]
    Away(String),
    /// An index that was there is not.
    #[error("OpenSearch has lost an index")]
    Gone,
    /// It will not do it, however often it is asked.
    #[error("OpenSearch refused: {status}: {reason}")]
    Refused { status: u16, reason: String },
    /// The question, of which it has enough; others it answers.
    #[error("OpenSearch looked for as long as it may")]
    TookTooLong,
    #[error("OpenSearch answered what is no answer")]
    Unreadable(#[source] serde_json::Error),
    /// What is found there was written by a newer program.
    #[error("the index is of version {found}, and this program's is {own}")]
    Newer { found: u32, own: u32 },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<serde_json::Error> for OpenSearchError {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error)
    }
}
