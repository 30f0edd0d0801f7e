//! Items that cannot become entries: kept whole, sealed, under the tenant's quota; shown, replayed,
//! dropped.

mod content;
mod drop;
mod keep;
mod replay;

use std::sync::Arc;

use custody_auth::Scope;
use custody_domain::QuarantineId;
use custody_keys::{KeyError, Keys, Zeroizing};
use custody_ledger::Ledger;
use custody_store::{
    Store, StoreError,
    quarantine::{self as table, Quota},
};
use tokio::sync::Semaphore;

pub(crate) use self::keep::Outcome;
pub use self::{
    content::Content,
    drop::discard,
    replay::{Correction, Replay},
};

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

impl Quarantine {
    pub(crate) fn new(store: Store, ledger: Ledger, keys: Keys, quota: Quota) -> Self {
        Self { store, ledger, keys, quota, replays: Arc::new(Semaphore::new(REPLAYS_MAX)) }
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
