//! A log in memory whose beginning is in the index.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use custody_auth::Scope;
use custody_domain::EntryId;
use custody_ledger::{Head, LedgerError, Order, Projected, Projection, Range, StoredEntry};
use custody_search::{
    CursorKey, LinearLimits, Log,
    opensearch::{OpenSearch, OpenSearchConfig, Projections, Refused, VERSION},
};
use uuid::Uuid;

use crate::memory::MemoryLog;

/// The node that tests share.
pub(crate) fn url() -> String {
    std::env::var("CUSTODY_TEST_OPENSEARCH_URL")
        .expect("CUSTODY_TEST_OPENSEARCH_URL is not set; run the test under scripts/with-opensearch")
}

/// Of one test: no other looks into its indices.
pub(crate) fn config(url: &str) -> OpenSearchConfig {
    let endpoint = format!("opensearch+{url}").parse().unwrap();
    OpenSearchConfig {
        shards: 1,
        ..OpenSearchConfig::new(endpoint, format!("test-{}", Uuid::new_v4().simple()))
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct IndexedLog {
    pub(crate) log: MemoryLog,
    /// Entries that are in the index, and which generation of it.
    standing: Arc<Mutex<(usize, u32)>>,
}

impl IndexedLog {
    pub(crate) fn of(log: MemoryLog) -> Self {
        Self { log, standing: Arc::new(Mutex::new((0, 1))) }
    }

    /// Writes what is in the log and not in the index.
    pub(crate) async fn index(&self, index: &OpenSearch) -> Vec<Refused> {
        let (from, generation) = *self.standing.lock().unwrap();
        let entries = self.log.entries();
        let mut writer = index.writer(generation).await.unwrap();
        writer.push(0, &entries[from..]).await.unwrap();
        let refused = writer.publish().await.unwrap();
        self.standing.lock().unwrap().0 = entries.len();
        refused
    }

    /// As if as many entries were in the index.
    pub(crate) fn pretend(&self, position: usize, generation: u32) {
        *self.standing.lock().unwrap() = (position, generation);
    }
}

pub(crate) fn executor(log: &IndexedLog, config: OpenSearchConfig) -> OpenSearch {
    OpenSearch::new(config, log, CursorKey::new([7; 32]), LinearLimits::default()).unwrap()
}

#[async_trait]
impl Log for IndexedLog {
    async fn head(&self, scope: &Scope) -> Result<Head, LedgerError> {
        self.log.head(scope).await
    }

    async fn page(
        &self,
        scope: &Scope,
        range: Range,
        order: Order,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, LedgerError> {
        self.log.page(scope, range, order, limit).await
    }

    async fn entries(&self, scope: &Scope, ids: &[EntryId]) -> Result<Vec<StoredEntry>, LedgerError> {
        Log::entries(&self.log, scope, ids).await
    }
}

#[async_trait]
impl Projections for IndexedLog {
    async fn projected(&self, scope: &Scope) -> Result<Projected, LedgerError> {
        let (position, generation) = *self.standing.lock().unwrap();
        let last_id = position.checked_sub(1).map(|last| self.log.entries()[last].id);
        Ok(Projected {
            head: self.log.head(scope).await?,
            projection: Some(Projection { generation, version: VERSION }),
            position: position as u64,
            last_id,
        })
    }

    async fn hours(
        &self,
        _: &Scope,
        after: Option<EntryId>,
        up_to: EntryId,
    ) -> Result<Vec<(i64, u64)>, LedgerError> {
        let mut hours = std::collections::BTreeMap::new();
        for entry in self.log.entries() {
            if after.is_none_or(|after| entry.id > after) && entry.id <= up_to {
                let hour = entry.id.received_at().timestamp().div_euclid(3_600);
                *hours.entry(hour).or_default() += 1;
            }
        }
        Ok(hours.into_iter().collect())
    }
}
