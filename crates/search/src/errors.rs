//! Why there is no page.

use std::time::Duration;

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
    /// The tenant has as many searches at once as it may, and none of them ended within `wait`.
    #[error("too many searches of this tenant run at once; try again in {} s", wait.as_secs().max(1))]
    Busy { wait: Duration },
    #[error(transparent)]
    Cursor(#[from] CursorError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
