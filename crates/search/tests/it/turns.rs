//! A tenant's scans wait for each other, and nobody else's for them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use custody_auth::{Scope, SystemAuthority};
use custody_domain::EntryId;
use custody_domain::TenantId;
use custody_ledger::{Head, LedgerError, Order, Range, StoredEntry};
use custody_search::{CursorKey, Linear, LinearLimits, Log, Page, Search as _, SearchError, Sort};
use custody_testkit::eventually;
use tokio::{sync::Semaphore, task::JoinHandle};
use uuid::Uuid;

use crate::{
    memory::{MemoryLog, TENANT, scope},
    walk::request,
};

/// A log whose scans of one tenant last until they are let go.
#[derive(Clone, Debug)]
struct Held {
    log: MemoryLog,
    gate: Arc<Semaphore>,
    scans: Arc<std::sync::atomic::AtomicUsize>,
}

#[async_trait]
impl Log for Held {
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
        if scope.tenant() == TENANT {
            self.scans.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            self.gate.acquire().await.unwrap().forget();
        }
        self.log.page(scope, range, order, limit).await
    }

    async fn entries(&self, scope: &Scope, ids: &[EntryId]) -> Result<Vec<StoredEntry>, LedgerError> {
        Log::entries(&self.log, scope, ids).await
    }
}

struct Fixture {
    held: Held,
    search: Linear,
}

impl Fixture {
    fn new(limits: LinearLimits) -> Self {
        let held =
            Held { log: MemoryLog::numbered(3), gate: Arc::new(Semaphore::new(0)), scans: Arc::default() };
        let search = Linear::new(held.clone(), CursorKey::new([7; 32]), limits);
        Self { held, search }
    }

    fn ask(&self) -> JoinHandle<Result<Page, SearchError>> {
        let search = self.search.clone();
        tokio::spawn(async move { search.page(&scope(), request("", Sort::default(), 9)).await })
    }

    fn scans(&self) -> usize {
        self.held.scans.load(std::sync::atomic::Ordering::SeqCst)
    }

    async fn wait_for_scans(&self, count: usize) {
        eventually("the scans to begin", || async { (self.scans() == count).then_some(()) }).await;
    }
}

#[tokio::test]
async fn one_tenants_scans_do_not_hold_anothers() {
    let fixture = Fixture::new(LinearLimits::default());
    let asked: Vec<_> = (0..60).map(|_| fixture.ask()).collect();
    fixture.wait_for_scans(4).await;
    let other = SystemAuthority::assume().scope(TenantId(Uuid::from_u128(8)), "test");
    let page = fixture.search.page(&other, request("", Sort::default(), 9)).await.unwrap();
    assert_eq!(page.items.len(), 3);
    assert_eq!(fixture.scans(), 4, "of the tenant that asks for much, four at once");

    fixture.held.gate.add_permits(60);
    for page in asked {
        assert_eq!(page.await.unwrap().unwrap().items.len(), 3, "each gets its turn");
    }
}

#[tokio::test]
async fn who_gets_no_turn_is_told_and_takes_none() {
    let wait_max = Duration::from_millis(20);
    let fixture = Fixture::new(LinearLimits { tenant_scans_max: 1, wait_max, ..LinearLimits::default() });
    let first = fixture.ask();
    fixture.wait_for_scans(1).await;
    let error = fixture.ask().await.unwrap().unwrap_err();
    assert!(matches!(error, SearchError::Busy { .. }), "{error}");
    fixture.held.gate.add_permits(2);
    first.await.unwrap().unwrap();
    fixture.ask().await.unwrap().unwrap();
}

#[tokio::test]
async fn who_gives_up_gives_the_turn_back() {
    let fixture = Fixture::new(LinearLimits { tenant_scans_max: 1, ..LinearLimits::default() });
    let first = fixture.ask();
    fixture.wait_for_scans(1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    fixture.held.gate.add_permits(1);
    fixture.ask().await.unwrap().unwrap();
}

#[tokio::test]
async fn no_more_wait_than_may() {
    let limits = LinearLimits { tenant_scans_max: 1, tenant_waiting_max: 2, ..LinearLimits::default() };
    let fixture = Fixture::new(limits);
    let first = fixture.ask();
    fixture.wait_for_scans(1).await;
    let waiting = [fixture.ask(), fixture.ask()];
    tokio::task::yield_now().await;
    let error = fixture.ask().await.unwrap().unwrap_err();
    assert!(matches!(error, SearchError::Busy { .. }), "{error}");
    fixture.held.gate.add_permits(3);
    for page in std::iter::once(first).chain(waiting) {
        page.await.unwrap().unwrap();
    }
}
