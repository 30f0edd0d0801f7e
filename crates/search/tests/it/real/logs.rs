//! The logs of two tenants, in memory, of which executors see as much as was written so far.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use custody_auth::{Scope, SystemAuthority};
use custody_domain::{Body, EntryId, TenantId, commitment::Salt};
use custody_ledger::{Head, LedgerError, Order, Projected, Projection, Range, StoredEntry};
use custody_search::{
    Log,
    opensearch::{Projections, VERSION},
};
use uuid::Uuid;

use crate::memory::TENANT;

/// Whose entries nobody of [`TENANT`] may see.
pub(super) const OTHER: TenantId = TenantId(Uuid::from_u128(8));

/// Both tenants get each content, two of them within one millisecond, their ids by turns.
#[derive(Clone, Debug)]
pub(super) struct Logs {
    tenants: Arc<BTreeMap<TenantId, Vec<StoredEntry>>>,
    /// Entries of each that were written, and those of them that are in the index outside.
    written: Arc<AtomicUsize>,
    indexed: Arc<AtomicUsize>,
}

impl Logs {
    pub(super) fn of(contents: &[Vec<u8>]) -> Self {
        let of = |tenant_id, turn: u128| {
            let entry = |(at, content): (usize, &Vec<u8>)| StoredEntry {
                tenant_id,
                id: id(at, turn),
                seq: at as u64,
                leaf_hash: [0; 32],
                body: Body::Full { salt: Salt([0; 16]), content: content.clone() },
            };
            (tenant_id, contents.iter().enumerate().map(entry).collect())
        };
        let tenants = BTreeMap::from([of(TENANT, 0), of(OTHER, 1)]);
        Self { tenants: Arc::new(tenants), written: Arc::default(), indexed: Arc::default() }
    }

    /// The same, with nothing written yet.
    pub(super) fn anew(&self) -> Self {
        Self { tenants: Arc::clone(&self.tenants), written: Arc::default(), indexed: Arc::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.tenants[&TENANT].len()
    }

    pub(super) fn write_up_to(&self, count: usize) {
        self.written.store(count.min(self.len()), Ordering::SeqCst);
    }

    pub(super) fn are_indexed(&self) {
        self.indexed.store(self.written.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    pub(super) fn of_tenant(&self, tenant: TenantId) -> &[StoredEntry] {
        &self.tenants[&tenant][..self.written.load(Ordering::SeqCst)]
    }
}

pub(super) fn scope_of(tenant: TenantId) -> Scope {
    SystemAuthority::assume().scope(tenant, "test")
}

/// Over more than two weeks.
fn id(at: usize, turn: u128) -> EntryId {
    let start: DateTime<Utc> = "2026-03-02T00:00:01Z".parse().unwrap();
    let received = start + TimeDelta::minutes(i64::try_from(at / 2 * 17).unwrap());
    let millis = u64::try_from(received.timestamp_millis()).unwrap();
    EntryId::from_parts(millis, (at as u128 % 2) * 2 + turn)
}

#[async_trait]
impl Log for Logs {
    async fn head(&self, scope: &Scope) -> Result<Head, LedgerError> {
        let entries = self.of_tenant(scope.tenant());
        Ok(Head { epoch: 0, size: entries.len() as u64, last_id: entries.last().map(|entry| entry.id) })
    }

    async fn page(
        &self,
        scope: &Scope,
        range: Range,
        order: Order,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, LedgerError> {
        let entries = self.of_tenant(scope.tenant());
        let from = range.after.map_or(0, |after| entries.partition_point(|entry| entry.id <= after));
        let to = range.before.map_or(entries.len(), |before| entries.partition_point(|e| e.id < before));
        let entries = entries[from.min(to)..to].iter();
        let limit = usize::try_from(limit).unwrap();
        Ok(match order {
            Order::OldestFirst => entries.take(limit).cloned().collect(),
            Order::NewestFirst => entries.rev().take(limit).cloned().collect(),
        })
    }

    /// Whosever they are: an index that finds another's is not saved by the log.
    async fn entries(&self, _: &Scope, ids: &[EntryId]) -> Result<Vec<StoredEntry>, LedgerError> {
        let found = |tenant: &Vec<StoredEntry>, id: &EntryId| {
            let at = tenant.binary_search_by_key(id, |entry| entry.id).ok()?;
            Some(tenant[at].clone())
        };
        Ok(ids.iter().flat_map(|id| self.tenants.values().filter_map(|tenant| found(tenant, id))).collect())
    }
}

#[async_trait]
impl Projections for Logs {
    async fn projected(&self, scope: &Scope) -> Result<Projected, LedgerError> {
        let position = self.indexed.load(Ordering::SeqCst);
        let last_id = position.checked_sub(1).map(|last| self.of_tenant(scope.tenant())[last].id);
        let projection = Some(Projection { generation: 1, version: VERSION });
        Ok(Projected { head: self.head(scope).await?, projection, position: position as u64, last_id })
    }

    /// Nobody reconciles here.
    async fn hours(&self, _: &Scope, _: Option<EntryId>, _: EntryId) -> Result<Vec<(i64, u64)>, LedgerError> {
        Ok(Vec::new())
    }
}
