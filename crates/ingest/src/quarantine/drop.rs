//! Dropping: an item that is of no use to anybody.

use custody_auth::Scope;
use custody_domain::QuarantineId;
use custody_store::{Store, StoreError, quarantine as table};

/// Drops those of the items that are there, in one transaction, and answers how many that were. Each
/// leaves an entry in the tenant's log: what was received and is kept no longer is told there.
pub async fn discard(store: &Store, scope: &Scope, ids: &[QuarantineId]) -> Result<u64, StoreError> {
    let now = chrono::Utc::now();
    let mut ids = ids.to_vec();
    // In this order two who drop the same items cannot wait for each other.
    ids.sort_unstable_by_key(|id| id.0);
    let (mut items, mut bytes) = (0, 0);
    let mut tx = store.tenant_tx(scope).await?;
    for id in ids {
        if let Some(item) = table::take(&mut tx, id).await? {
            table::dropped(&mut tx, scope, &item, now).await?;
            items += 1;
            bytes += item.size_bytes;
        }
    }
    if items > 0 {
        table::refund(&mut tx, items, bytes).await?;
    }
    tx.commit().await?;
    metrics::counter!("custody_quarantine_dropped_total").increment(items);
    Ok(items)
}
