//! Items that cannot become entries: kept whole, sealed, under the tenant's quota; shown, replayed,
//! dropped.

mod content;
mod drop;
mod replay;

use std::sync::Arc;

use custody_auth::Scope;
use custody_domain::{QuarantineId, json};
use custody_keys::{KeyError, Keys, Zeroizing};
use custody_ledger::{Ledger, LedgerError};
use custody_store::{
    Store, StoreError,
    quarantine::{self as table, Kept, NewItem, Quota},
};
use tokio::sync::Semaphore;

pub use self::{
    content::Content,
    drop::discard,
    replay::{Correction, Replay},
};
use crate::{prepare::Rejected, recorded_by::RecordedBy, split::RawItem};

/// Items written by one transaction. Their usage row is locked meanwhile.
const BATCH_ITEMS: usize = 64;
/// So many refusals one after the other, and the rest of a request is refused without asking.
const FULL_IN_A_ROW_MAX: usize = 32;
/// Replays that are between item and entry at once. Each holds one of the app role's connections
/// there, and the ledger may need one more.
const REPLAYS_MAX: usize = 4;

#[derive(Clone, Debug)]
pub(crate) struct Quarantine {
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    pub(crate) keys: Keys,
    pub(crate) quota: Quota,
    replays: Arc<Semaphore>,
}

/// What became of an item that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Kept(QuarantineId),
    /// The quota is used up.
    Full,
    /// It could not be written now.
    Failed,
}

impl Quarantine {
    pub(crate) fn new(store: Store, ledger: Ledger, keys: Keys, quota: Quota) -> Self {
        Self { store, ledger, keys, quota, replays: Arc::new(Semaphore::new(REPLAYS_MAX)) }
    }

    /// Keeps items, in order. Never fails as a whole: what was accepted beside them has its receipts
    /// already, and those must reach the sender.
    pub(crate) async fn keep(&self, scope: &Scope, items: &[(&RawItem, &Rejected)]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(items.len());
        let mut full_in_a_row = 0;
        for batch in items.chunks(BATCH_ITEMS) {
            if full_in_a_row >= FULL_IN_A_ROW_MAX {
                outcomes.extend(batch.iter().map(|_| Outcome::Full));
                continue;
            }
            let kept = match self.keep_batch(scope, batch).await {
                Ok(kept) => kept,
                Err(error) => {
                    tracing::warn!(tenant.id = %scope.tenant(), item.count = batch.len(), %error, "items could not be quarantined");
                    vec![Outcome::Failed; batch.len()]
                }
            };
            for outcome in &kept {
                full_in_a_row = if *outcome == Outcome::Full { full_in_a_row + 1 } else { 0 };
            }
            outcomes.extend(kept);
        }
        outcomes
    }

    async fn keep_batch(
        &self,
        scope: &Scope,
        batch: &[(&RawItem, &Rejected)],
    ) -> Result<Vec<Outcome>, LedgerError> {
        let recorded_by = json::to_serde(&RecordedBy::of(scope).to_value());
        let purpose = purpose(scope);
        let event_keys = self.ledger.event_keys(scope).await?;
        let mut sealed = Vec::with_capacity(batch.len());
        for (item, _) in batch {
            let fp16 = event_keys.of_quarantined(&item.identity());
            sealed.push((fp16, self.keys.seal(&purpose, &item.bytes).await?));
        }
        let mut tx = self.store.tenant_tx(scope).await?;
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut new = Vec::new();
        for ((item, rejected), (fp16, sealed)) in batch.iter().zip(&sealed) {
            let row = NewItem {
                fp16: *fp16,
                reason: rejected.reason.as_str(),
                errors: &rejected.errors,
                source_format: rejected.source_format,
                recorded_by: recorded_by.clone(),
                size_bytes: u64::try_from(item.bytes.len()).unwrap_or(u64::MAX),
                sent_bytes: item.cut.map(|cut| cut.length),
                sealed,
            };
            outcomes.push(match table::keep(&mut tx, &row, self.quota).await? {
                Kept::New(id) => {
                    new.push(rejected.reason);
                    Outcome::Kept(id)
                }
                Kept::Known(id) => Outcome::Kept(id),
                Kept::Full => Outcome::Full,
            });
        }
        tx.commit().await?;
        for reason in new {
            metrics::counter!("custody_quarantine_items_total", "reason" => reason.as_str()).increment(1);
        }
        Ok(outcomes)
    }
}

/// The bytes of a quarantined item as they were sent; none where the tenant has no such item.
pub async fn open(
    store: &Store,
    keys: &Keys,
    scope: &Scope,
    id: QuarantineId,
) -> Result<Option<Zeroizing<Vec<u8>>>, OpenError> {
    let mut tx = store.tenant_tx(scope).await?;
    let sealed = table::sealed(&mut tx, id).await?;
    tx.commit().await?;
    match sealed {
        Some(sealed) => Ok(Some(keys.open(&purpose(scope), &sealed).await?)),
        None => Ok(None),
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// Bytes moved to another tenant's row do not open there.
fn purpose(scope: &Scope) -> String {
    format!("quarantine/{}", scope.tenant())
}
