//! The linear executor over the ledger itself.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::Utc;
use custody_auth::{Scope, SystemAuthority};
use custody_domain::{
    TenantId,
    commitment::Salt,
    json::{self, Limits, Object, Value},
    query::Query,
};
use custody_keys::Keys;
use custody_ledger::{CommitConfig, Draft, Ledger, Order, Range};
use custody_search::{CursorError, CursorKey, Linear, LinearLimits, Search as _, SearchError, Sort};
use custody_store::{
    DatabaseConfig, Store, migrate,
    tenants::{self, NewTenant},
};
use custody_testkit::TestDatabase;
use uuid::Uuid;

use crate::{
    conformance,
    memory::numbered,
    readers::user,
    walk::{request, seqs, walk, walk_with},
};

pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    search: Linear,
    pub(crate) database: TestDatabase,
    _keys: tempfile::TempDir,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let keys = Keys::local(&directory.path().join("master.key")).unwrap();
        let database = TestDatabase::create().await;
        let config = DatabaseConfig::new(database.url());
        migrate(&config, &keys, None).await.unwrap();
        let store = Store::connect(&config, &keys).await.unwrap();
        let ledger = Ledger::new(store.clone(), keys, CommitConfig::default());
        // Small chunks, so that a page is several reads.
        let limits = LinearLimits { first_chunk: 5, chunk_max: 20, ..LinearLimits::default() };
        let search = Linear::new(ledger.clone(), CursorKey::new([7; 32]), limits);
        Self { store, ledger, search, database, _keys: directory }
    }

    pub(crate) async fn tenant(&self, name: &str) -> Scope {
        let authority = SystemAuthority::assume();
        let operator = authority.scope(TenantId::RESERVED, "test");
        let new = NewTenant { name: name.into(), title: name.into(), admin_email: None };
        let created = tenants::create(&self.store, &operator, new, Utc::now()).await.unwrap();
        authority.scope(created.tenant.id, "test")
    }
}

pub(crate) fn drafts<T: AsRef<str>>(contents: impl IntoIterator<Item = T>) -> Vec<Draft> {
    contents
        .into_iter()
        .map(|content| {
            let parsed = json::parse(content.as_ref().as_bytes(), &Limits::default()).unwrap();
            let Value::Object(object) = parsed else { panic!("no object") };
            let object: Object<'_> = object;
            Draft::new(&object, Salt(Uuid::new_v4().into_bytes()), None).unwrap()
        })
        .collect()
}

#[tokio::test]
async fn it_conforms_and_sees_no_other_tenant() {
    let fixture = Fixture::new().await;
    let (mine, other) = (fixture.tenant("mine").await, fixture.tenant("other").await);
    let contents = conformance::documented_contents();
    fixture.ledger.append(&other, drafts((0..3).map(numbered))).await.unwrap();
    fixture.ledger.append(&mine, drafts(contents)).await.unwrap();
    fixture.ledger.append(&other, drafts((3..6).map(numbered))).await.unwrap();
    let log = fixture.ledger.page(&mine, Range::default(), Order::OldestFirst, 100).await.unwrap();
    assert_eq!(log.len(), 5);
    conformance::holds(&fixture.search, &mine, &log, &conformance::LOG_ORDERS).await;
}

#[tokio::test]
async fn it_keeps_the_grant() {
    let fixture = Fixture::new().await;
    let tenant = fixture.tenant("mine").await;
    let (owner, other) = (user(tenant.tenant(), 1).await, user(tenant.tenant(), 2).await);
    fixture.ledger.append(&tenant, drafts(conformance::contents_of(&owner))).await.unwrap();
    conformance::keeps_the_grant(&fixture.search, &owner, &other).await;
}

#[tokio::test]
async fn a_cursor_of_another_tenant_is_refused() {
    let fixture = Fixture::new().await;
    let (mine, other) = (fixture.tenant("mine").await, fixture.tenant("other").await);
    for scope in [&mine, &other] {
        fixture.ledger.append(scope, drafts((0..9).map(numbered))).await.unwrap();
    }
    let mut request = request("", Sort::default(), 3);
    let page = fixture.search.page(&mine, request.clone()).await.unwrap();
    assert_eq!((seqs(&page), page.index_watermark), (vec![8, 7, 6], Some(9)));
    request.cursor = page.next_cursor;
    let next = fixture.search.page(&mine, request.clone()).await.unwrap();
    assert_eq!(seqs(&next), [5, 4, 3]);
    let error = fixture.search.page(&other, request).await.unwrap_err();
    assert!(matches!(error, SearchError::Cursor(CursorError)), "{error}");
}

/// Invariant 4.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_walk_over_a_log_being_written_sees_every_entry_once_and_in_order() {
    let fixture = Arc::new(Fixture::new().await);
    let scope = fixture.tenant("mine").await;
    fixture.ledger.append(&scope, drafts((0..50).map(numbered))).await.unwrap();
    let acknowledged = Arc::new(AtomicU64::new(50));
    let writers: Vec<_> = (0..3)
        .map(|_| {
            let (fixture, scope) = (fixture.clone(), scope.clone());
            let acknowledged = acknowledged.clone();
            tokio::spawn(async move {
                for batch in 0..40 {
                    let drafts = drafts((0..=batch % 4).map(numbered));
                    let count = drafts.len() as u64;
                    fixture.ledger.append(&scope, drafts).await.unwrap();
                    acknowledged.fetch_add(count, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let mut walks = 0;
    while walks == 0 || writers.iter().any(|writer| !writer.is_finished()) {
        let before = acknowledged.load(Ordering::SeqCst);
        let all = Query::All;
        let newest = walk(&fixture.search, &scope, &all, Sort::ReceivedDescending, 7).await;
        let size = newest.len() as u64;
        assert!(size >= before, "{before} were acknowledged, {size} seen");
        assert_eq!(newest, (0..size).rev().collect::<Vec<_>>());

        let before = acknowledged.load(Ordering::SeqCst);
        let oldest = walk_with(&fixture.search, &scope, &all, Sort::ReceivedAscending, 7, async || {}).await;
        assert!(oldest.len() as u64 >= before);
        assert_eq!(oldest, (0..oldest.len() as u64).collect::<Vec<_>>());
        walks += 1;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let total = acknowledged.load(Ordering::SeqCst);
    let last = walk(&fixture.search, &scope, &Query::All, Sort::default(), 1_000).await;
    assert_eq!(last.len() as u64, total);
    assert_eq!(total, 50 + 3 * 100);
}
