//! The ledger's door: what the rest of the program can ask of a tenant's log.

use std::{sync::Arc, time::Duration};

use custody_auth::{Scope, SystemAuthority};
use custody_domain::{Body, EntryId, TenantId, columns};
use custody_keys::Keys;
use custody_store::{
    Store,
    entries::{self, Order, Range},
    heads::{self, Head},
};
use tokio::sync::watch;

use crate::{
    Appended, CommitConfig, Draft, EventKeys, LedgerError, Recent, StoredEntry, Written, append, codec,
    commit::Commits,
    entry::{self, UnreadableBody},
    event_keys::TenantKeys,
    tree::Tree,
};

/// The logs of all tenants. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(crate) store: Store,
    keys: Keys,
    tenant_keys: TenantKeys,
    pub(crate) commits: Arc<Commits>,
    pub(crate) tree: Arc<Tree>,
}

impl Ledger {
    pub fn new(store: Store, keys: Keys, config: CommitConfig) -> Self {
        let commits = Commits::new(store.clone(), config);
        let tree = Arc::new(Tree::new(store.clone(), keys.clone()));
        Self { store, keys, tenant_keys: TenantKeys::new(), commits, tree }
    }

    /// Appends in one transaction, which others may share: all drafts are durable when it answers
    /// `Ok`, in the order of the drafts. After an error none is, except where the connection was lost
    /// while committing: then only trying again with the same event ids tells. A future that is
    /// dropped leaves its drafts to be written, or not; nobody else's.
    ///
    /// [`LedgerError::Full`] where there is no room for them in the queue.
    pub async fn append(&self, scope: &Scope, drafts: Vec<Draft>) -> Result<Vec<Appended>, LedgerError> {
        append::append(self, scope, drafts, None).await
    }

    /// As [`Ledger::append`], but where the queue is full it waits for room, up to `patience`.
    pub async fn append_waiting(
        &self,
        scope: &Scope,
        drafts: Vec<Draft>,
        patience: Duration,
    ) -> Result<Vec<Appended>, LedgerError> {
        append::append(self, scope, drafts, Some(patience)).await
    }

    /// Counts the commits of this process: whoever follows the log is woken by it. Other processes'
    /// commits are not in it.
    pub fn moved(&self) -> watch::Receiver<u64> {
        self.commits.moved()
    }

    /// What this process committed lately.
    pub fn recent(&self) -> &Recent {
        self.commits.recent()
    }

    /// How much this process wrote, for one taker.
    pub fn written(&self) -> &Written {
        self.commits.written()
    }

    /// The sizes of all tenants' logs.
    pub async fn sizes(&self) -> Result<Vec<(TenantId, u64)>, LedgerError> {
        let mut tx = self.store.system_tx().await?;
        let sizes = heads::sizes(&mut tx).await?;
        tx.commit().await?;
        Ok(sizes)
    }

    pub async fn get(&self, scope: &Scope, id: EntryId) -> Result<Option<StoredEntry>, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let row = entries::get(&mut tx, id).await?;
        tx.commit().await?;
        row.as_ref().map(StoredEntry::read).transpose()
    }

    /// At most `limit` entries with ids within `range`, in log order or against it.
    pub async fn page(
        &self,
        scope: &Scope,
        range: Range,
        order: Order,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let rows = entries::page(&mut tx, range, order, limit).await?;
        tx.commit().await?;
        rows.iter().map(StoredEntry::read).collect()
    }

    /// Those of these that there are, in no order.
    pub async fn entries(&self, scope: &Scope, ids: &[EntryId]) -> Result<Vec<StoredEntry>, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let rows = entries::several(&mut tx, ids).await?;
        tx.commit().await?;
        rows.iter().map(StoredEntry::read).collect()
    }

    pub async fn head(&self, scope: &Scope) -> Result<Head, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let head = heads::read(&mut tx).await?;
        tx.commit().await?;
        Ok(head)
    }

    /// What makes the tenant's events' keys. It waits for the database with the tenant's first alone.
    pub async fn event_keys(&self, scope: &Scope) -> Result<EventKeys, LedgerError> {
        self.tenant_keys.get(&self.store, &self.keys, scope).await
    }

    /// Erases members of an entry by JSON pointer; its leaf, and so every proof, stays. Pointers
    /// that name nothing change nothing, so an erasure can be repeated.
    pub async fn redact(
        &self,
        authority: &SystemAuthority,
        tenant: TenantId,
        id: EntryId,
        pointers: &[&str],
    ) -> Result<(), LedgerError> {
        let mut tx = self.store.reaper_tx(authority, tenant).await?;
        let row = entries::lock(&mut tx, id).await?;
        let unreadable = |source: UnreadableBody| LedgerError::Unreadable { tenant, seq: row.seq, source };
        let body = entry::decode(&row.body).map_err(unreadable)?;
        let redacted = body.redact(pointers).map_err(LedgerError::NotErasable)?;
        let columns = columns_of(&redacted).map_err(unreadable)?;
        let frame = codec::compress(&redacted.encode()).map_err(|e| unreadable(e.into()))?;
        entries::redact(&mut tx, id, &columns, &frame).await?;
        Ok(tx.commit().await?)
    }
}

fn columns_of(body: &Body) -> Result<columns::Columns, UnreadableBody> {
    let content = body.content()?;
    Ok(content.as_object().map(columns::of).unwrap_or_default())
}
