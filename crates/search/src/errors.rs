//! Why there is no page.

use custody_ledger::LedgerError;

use crate::{CursorError, LIMIT_MAX, Sort};

/// Why a search did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The executor that is configured cannot give this order.
    #[error("the order {0} needs an index, which there is not yet; use -received_at or received_at")]
    SortNotAvailable(Sort),
    #[error("limit must be between 1 and {LIMIT_MAX}")]
    Limit,
    #[error(transparent)]
    Cursor(#[from] CursorError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
