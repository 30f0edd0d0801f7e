//! A log in memory, of any received times.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use custody_auth::{Scope, SystemAuthority};
use custody_domain::{Body, EntryId, TenantId, commitment::Salt};
use custody_ledger::{Head, LedgerError, Order, Range, StoredEntry};
use custody_search::Log;
use uuid::Uuid;

pub(crate) const TENANT: TenantId = TenantId(Uuid::from_u128(7));

pub(crate) fn scope() -> Scope {
    SystemAuthority::assume().scope(TENANT, "test")
}

/// The first entry is received at 2026-03-02T00:00:01Z, each next one a second later.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryLog {
    entries: Arc<Mutex<Vec<StoredEntry>>>,
    read: Arc<AtomicU64>,
    /// Entries that are not to be found, as if a partition were away.
    hidden: Arc<Mutex<std::ops::Range<u64>>>,
}

impl MemoryLog {
    pub(crate) fn of<T: AsRef<str>>(contents: impl IntoIterator<Item = T>) -> Self {
        let log = Self::default();
        for content in contents {
            log.append(content.as_ref());
        }
        log
    }

    /// So many entries, numbered in `metadata.n`.
    pub(crate) fn numbered(count: u64) -> Self {
        Self::of((0..count).map(numbered))
    }

    pub(crate) fn append(&self, content: &str) {
        let mut entries = self.entries.lock().unwrap();
        let seq = entries.len() as u64;
        let start: DateTime<Utc> = "2026-03-02T00:00:01Z".parse().unwrap();
        entries.push(StoredEntry {
            tenant_id: TENANT,
            id: EntryId::lower_bound(start + TimeDelta::seconds(seq.cast_signed())),
            seq,
            leaf_hash: [0; 32],
            body: Body::Full { salt: Salt([0; 16]), content: content.as_bytes().to_vec() },
        });
    }

    /// In log order.
    pub(crate) fn entries(&self) -> Vec<StoredEntry> {
        self.entries.lock().unwrap().clone()
    }

    pub(crate) fn hide(&self, seqs: std::ops::Range<u64>) {
        *self.hidden.lock().unwrap() = seqs;
    }

    /// Entries handed out so far.
    pub(crate) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

pub(crate) fn numbered(n: u64) -> String {
    format!(r#"{{"action":"test.numbered","actor":{{"id":"u"}},"metadata":{{"n":{n}}}}}"#)
}

#[async_trait]
impl Log for MemoryLog {
    async fn head(&self, _: &Scope) -> Result<Head, LedgerError> {
        let entries = self.entries.lock().unwrap();
        Ok(Head { epoch: 0, size: entries.len() as u64, last_id: entries.last().map(|entry| entry.id) })
    }

    async fn page(
        &self,
        _: &Scope,
        range: Range,
        order: Order,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, LedgerError> {
        let mut entries = self.entries();
        if order == Order::NewestFirst {
            entries.reverse();
        }
        let hidden = self.hidden.lock().unwrap().clone();
        entries.retain(|entry| !hidden.contains(&entry.seq));
        entries.retain(|entry| {
            range.after.is_none_or(|after| entry.id > after)
                && range.before.is_none_or(|before| entry.id < before)
        });
        entries.truncate(limit.try_into().unwrap());
        self.read.fetch_add(entries.len() as u64, Ordering::Relaxed);
        Ok(entries)
    }

    async fn entries(&self, _: &Scope, ids: &[EntryId]) -> Result<Vec<StoredEntry>, LedgerError> {
        Ok(self.entries().into_iter().filter(|entry| ids.contains(&entry.id)).collect())
    }
}
