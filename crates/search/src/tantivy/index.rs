//! The indexes of all tenants, and the executor over them.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use custody_auth::{Scope, SystemAuthority};
use custody_domain::TenantId;
use tokio::sync::OnceCell;

use super::{IndexError, folder::Folder, page, shelf::Shelf, stats};
use crate::{
    CursorKey, Linear, LinearLimits, Log, Page, PageRequest, Search, SearchError, Stats, StatsRequest,
    linear::Turns,
};

/// Bounds of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexLimits {
    /// Entries that a request reads from the log because the index has not come to them. Where more
    /// are missing they are looked at one by one, within the linear executor's bounds.
    pub cover_max: u64,
    /// How long one request may look.
    pub time_max: Duration,
    /// Entries of the ledger that are looked at because a reader may not see all.
    pub read_max: u64,
    /// Bytes of content on a page.
    pub page_bytes_max: usize,
}

impl Default for IndexLimits {
    fn default() -> Self {
        Self {
            cover_max: 16_384,
            time_max: Duration::from_secs(2),
            read_max: 20_000,
            page_bytes_max: 16 << 20,
        }
    }
}

/// The executor over indexes of Tantivy's, one a tenant, each in a folder of its own. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tantivy(Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) root: PathBuf,
    pub(super) log: Arc<dyn Log>,
    pub(super) authority: SystemAuthority,
    pub(super) cursors: CursorKey,
    pub(super) limits: IndexLimits,
    pub(super) turns: Arc<Turns>,
    pub(super) turn_limits: LinearLimits,
    pub(super) linear: Linear,
    shelves: Mutex<HashMap<TenantId, Arc<OnceCell<Arc<Shelf>>>>>,
}

impl Tantivy {
    /// Over folders below `root`, which need not be there yet.
    pub fn new(
        root: PathBuf,
        log: impl Log + 'static,
        authority: SystemAuthority,
        cursors: CursorKey,
        (limits, turn_limits): (IndexLimits, LinearLimits),
    ) -> Self {
        let log: Arc<dyn Log> = Arc::new(log);
        let linear = Linear::over(Arc::clone(&log), cursors.clone(), turn_limits);
        let (turns, shelves) = (Arc::default(), Mutex::default());
        Self(Arc::new(Inner { root, log, authority, cursors, limits, turns, turn_limits, linear, shelves }))
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.0
    }

    /// Everything of a tenant's onto the disk.
    pub async fn commit(&self, tenant: TenantId) -> Result<(), IndexError> {
        let kept = self.inner().shelf(tenant).await?;
        kept.mending(|| async {
            loop {
                let all = kept.pull(u64::MAX).await?;
                kept.commit().await?;
                if all {
                    break;
                }
            }
            while kept.tidy().await? {}
            Ok(())
        })
        .await
    }

    /// What a server that stops has in memory, onto the disk: the next start has less to do.
    pub async fn commit_all(&self) {
        for (tenant, shelf) in self.inner().open_shelves() {
            if let Err(error) = shelf.commit().await {
                tracing::warn!(tenant.id = %tenant, %error, "a part of the index was not written; it is made again");
            }
        }
    }
}

impl Inner {
    pub(super) async fn shelf(&self, tenant: TenantId) -> Result<Arc<Shelf>, IndexError> {
        let cell = Arc::clone(
            self.shelves.lock().unwrap_or_else(PoisonError::into_inner).entry(tenant).or_default(),
        );
        let opened = cell
            .get_or_try_init(|| async {
                let scope = self.authority.scope(tenant, "search");
                Shelf::open(Arc::clone(&self.log), scope, &self.root).await.map(Arc::new)
            })
            .await?;
        Ok(Arc::clone(opened))
    }

    /// How far a tenant's index is, without opening it where it is not open. Reads the folder's
    /// names then.
    pub(super) fn covered(&self, tenant: TenantId) -> u64 {
        if let Some(shelf) = self.known(tenant) {
            return shelf.view().next.unwrap_or(0);
        }
        let names = Folder::of(&self.root, tenant).list().unwrap_or_default();
        names.last().map_or(0, |name| name.seqs.end)
    }

    fn known(&self, tenant: TenantId) -> Option<Arc<Shelf>> {
        let shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.get(&tenant)?.get().cloned()
    }

    /// Whether somebody has searched the tenant within so many seconds.
    pub(super) fn was_asked(&self, tenant: TenantId, seconds: u64) -> bool {
        self.known(tenant).is_some_and(|shelf| shelf.idle_seconds() < seconds)
    }

    /// Tenants with parts that are in memory alone for longer than that.
    pub(super) fn with_old_memory(&self, age: Duration) -> Vec<TenantId> {
        let shelves = self.open_shelves().into_iter();
        shelves.filter(|(_, shelf)| shelf.has_old_memory(age)).map(|(tenant, _)| tenant).collect()
    }

    /// Closes parts that nobody has asked for, where more than `most` are open.
    pub(super) fn close_idle(&self, most: usize, seconds: u64) {
        let mut shelves = self.open_shelves();
        let open = |shelf: &Shelf| shelf.view().slots.iter().filter(|slot| slot.is_open()).count();
        let mut count: usize = shelves.iter().map(|(_, shelf)| open(shelf)).sum();
        shelves.sort_by_key(|(_, shelf)| std::cmp::Reverse(shelf.idle_seconds()));
        for (_, shelf) in shelves {
            if count <= most || shelf.idle_seconds() < seconds {
                return;
            }
            count -= open(&shelf);
            shelf.view().slots.iter().for_each(|slot| slot.close());
        }
    }

    /// Those that are open.
    pub(super) fn open_shelves(&self) -> Vec<(TenantId, Arc<Shelf>)> {
        let shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.iter().filter_map(|(tenant, cell)| Some((*tenant, Arc::clone(cell.get()?)))).collect()
    }
}

#[async_trait]
impl Search for Tantivy {
    async fn page(&self, scope: &Scope, request: PageRequest) -> Result<Page, SearchError> {
        let kept = self.0.shelf(scope.tenant()).await?;
        kept.mending(|| page::page(&self.0, &kept, scope, request.clone())).await
    }

    async fn stats(&self, scope: &Scope, request: StatsRequest) -> Result<Stats, SearchError> {
        let kept = self.0.shelf(scope.tenant()).await?;
        kept.mending(|| stats::stats(&self.0, &kept, scope, request.clone())).await
    }
}
