//! Where the entries of an export come from: the log itself, read from its beginning to where it ended
//! when the export began.

use custody_auth::Scope;
use custody_ledger::{EntryBatch, EntryBatches, Head, Ledger, LedgerError};
use custody_search::Asked;

/// Batches of the entries that were received when the query says, up to `head`: all that match, and others.
/// Whoever reads them asks [`Asked::matches`] of each. Dropping it ends the reading.
#[derive(Debug)]
pub(crate) struct Source(Option<EntryBatches>);

impl Source {
    pub(crate) fn open(ledger: &Ledger, scope: &Scope, asked: &Asked, head: Head) -> Self {
        Self(asked.range(head).map(|range| ledger.batches(scope, range)))
    }

    pub(crate) async fn next(&mut self) -> Option<Result<EntryBatch, LedgerError>> {
        self.0.as_mut()?.next().await
    }
}
