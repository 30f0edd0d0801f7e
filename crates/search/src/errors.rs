//! Why there is no page.

use std::time::Duration;

use custody_ledger::LedgerError;

use crate::{CursorError, LIMIT_MAX, Sort, opensearch::OpenSearchError, tantivy::IndexError};

/// Why a search did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The executor that is configured cannot give this order.
    #[error("the order {0} needs an index; use -received_at or received_at")]
    SortNotAvailable(Sort),
    /// The index has not come so far that it could answer.
    #[error("the index is being built: {done} of {of} entries; use -received_at or received_at until then")]
    Indexing { done: u64, of: u64 },
    /// One step of the question takes longer than a request may.
    #[error(
        "the query takes longer than one request may; ask for less time, fewer terms, or without `*` at the beginning"
    )]
    TooMuch,
    #[error("limit must be between 1 and {LIMIT_MAX}")]
    Limit,
    /// The tenant has as many searches at once as it may, and none of them ended within `wait`.
    #[error("too many searches of this tenant run at once; try again in {} s", wait.as_secs().max(1))]
    Busy { wait: Duration },
    /// The node that searches is away, and the log alone cannot answer this.
    #[error("the search node does not answer; use -received_at or received_at until it does")]
    Away,
    #[error(transparent)]
    Cursor(#[from] CursorError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("the index cannot be read")]
    Index(#[source] Box<IndexError>),
    #[error(transparent)]
    OpenSearch(Box<OpenSearchError>),
}

impl From<IndexError> for SearchError {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::TooMuch => Self::TooMuch,
            IndexError::Ledger(error) => Self::Ledger(error),
            other => Self::Index(Box::new(other)),
        }
    }
}

impl From<OpenSearchError> for SearchError {
    fn from(error: OpenSearchError) -> Self {
        match error {
            OpenSearchError::Ledger(error) => Self::Ledger(error),
            other => Self::OpenSearch(Box::new(other)),
        }
    }
}
