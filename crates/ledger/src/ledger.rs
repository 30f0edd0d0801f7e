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
use uuid::Uuid;

use crate::{
    Appended, CommitConfig, Draft, EventKey, EventKind, LedgerError, Recent, StoredEntry, append, codec,
    commit::Commits,
    entry::{self, UnreadableBody},
    fingerprint::{Label, TenantKeys, hmac16},
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

    pub async fn head(&self, scope: &Scope) -> Result<Head, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let head = heads::read(&mut tx).await?;
        tx.commit().await?;
        Ok(head)
    }

    /// How an event with an id of its own is known again: by the id among those of its source
    /// format, so that nobody can take a CloudTrail event's id by an event of another kind.
    /// `canonical` is the masked event in canonical form: it leaves no trace but its HMAC.
    pub async fn event_key(
        &self,
        scope: &Scope,
        (source_format, event_id): (&str, &str),
        canonical: &[u8],
    ) -> Result<EventKey, LedgerError> {
        let key = self.tenant_keys.get(&self.store, &self.keys, scope).await?;
        Ok(EventKey {
            kind: EventKind::Event,
            key16: hmac16(&key, Label::EventId, format!("{source_format}\0{event_id}").as_bytes()),
            fp16: hmac16(&key, Label::Source, canonical),
        })
    }

    /// How a change of our own is known again: by the id of its row, in a space of ids of its own. Its
    /// content does not count: a row is written once and never changes, and a later release may put
    /// it into other words between the append and the row's deletion.
    pub async fn own_event_key(&self, scope: &Scope, change: Uuid) -> Result<EventKey, LedgerError> {
        let key = self.tenant_keys.get(&self.store, &self.keys, scope).await?;
        Ok(EventKey {
            kind: EventKind::Event,
            key16: hmac16(&key, Label::OwnChange, change.as_bytes()),
            fp16: hmac16(&key, Label::Source, change.as_bytes()),
        })
    }

    /// How an item without an id of its own is known again when its request is repeated within 24
    /// hours: by the request's `Idempotency-Key` and the item's index in it, from 0. `canonical` as
    /// for [`Ledger::event_key`].
    pub async fn request_key(
        &self,
        scope: &Scope,
        idempotency_key: &str,
        index: u64,
        canonical: &[u8],
    ) -> Result<EventKey, LedgerError> {
        let key = self.tenant_keys.get(&self.store, &self.keys, scope).await?;
        let item = [&index.to_be_bytes(), idempotency_key.as_bytes()].concat();
        Ok(EventKey {
            kind: EventKind::Request,
            key16: hmac16(&key, Label::RequestItem, &item),
            fp16: hmac16(&key, Label::Source, canonical),
        })
    }

    /// HMAC of any bytes under the tenant's key: how equal quarantined items are known again.
    pub async fn fingerprint(&self, scope: &Scope, bytes: &[u8]) -> Result<[u8; 16], LedgerError> {
        let key = self.tenant_keys.get(&self.store, &self.keys, scope).await?;
        Ok(hmac16(&key, Label::Quarantined, bytes))
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
