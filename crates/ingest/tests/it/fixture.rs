//! An ingest on a migrated database, and tenants.

use std::sync::LazyLock;

use chrono::Utc;
use custody_auth::{Scope, SystemAuthority};
use custody_domain::TenantId;
use custody_ingest::{Format, Ingest, ItemResult, QuarantineQuota, RawItem};
use custody_keys::Keys;
use custody_ledger::{CommitConfig, Ledger, Order, Range};
use custody_store::{
    DatabaseConfig, DatabaseRole, Installation, Store, migrate,
    tenants::{self, NewTenant},
};
use custody_testkit::TestDatabase;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

static KEYS: LazyLock<(tempfile::TempDir, Keys)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::local(&dir.path().join("master.key")).unwrap();
    (dir, keys)
});

pub(crate) const QUOTA: QuarantineQuota = QuarantineQuota { items_max: 100, bytes_max: 1 << 20 };

pub(crate) struct Fixture {
    database: TestDatabase,
    installation: Installation,
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    pub(crate) ingest: Ingest,
    pub(crate) keys: Keys,
    pub(crate) authority: SystemAuthority,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::with_quota(QUOTA).await
    }

    pub(crate) async fn with_quota(quota: QuarantineQuota) -> Self {
        let database = TestDatabase::create().await;
        let config = DatabaseConfig::new(database.url());
        let keys = KEYS.1.clone();
        let installation = migrate(&config, &keys, None).await.unwrap().installation;
        let store = Store::connect(&config, &keys).await.unwrap();
        let ledger = Ledger::new(store.clone(), keys.clone(), CommitConfig::default());
        let ingest = Ingest::new(store.clone(), ledger.clone(), keys.clone(), quota);
        let authority = SystemAuthority::assume();
        Self { database, installation, store, ledger, ingest, keys, authority }
    }

    pub(crate) async fn tenant(&self, name: &str) -> Scope {
        let operator = self.authority.scope(TenantId::RESERVED, "test");
        let new = NewTenant { name: name.to_owned(), title: name.to_owned(), admin_email: None };
        let created = tenants::create(&self.store, &operator, new, Utc::now()).await.unwrap();
        self.authority.scope(created.tenant.id, "test")
    }

    /// Runs `sql` as the system's role, past the program's own ways.
    pub(crate) async fn run_as_system(&self, sql: &str) {
        let mut connection = PgConnection::connect(self.database.url()).await.unwrap();
        let name = self.installation.role_name(DatabaseRole::System);
        let sql = format!("GRANT \"{name}\" TO CURRENT_USER; SET ROLE \"{name}\"; {sql}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    }

    pub(crate) async fn submit(&self, scope: &Scope, items: &[&str]) -> Vec<ItemResult> {
        let items = items.iter().map(|item| RawItem::whole(item.as_bytes().to_vec())).collect();
        self.ingest.submit(scope, Format::Auto, items).await.unwrap()
    }

    /// The tenant's whole log, oldest first.
    pub(crate) async fn log(&self, scope: &Scope) -> Vec<Value> {
        let entries = self.ledger.page(scope, Range::default(), Order::OldestFirst, 1_000).await.unwrap();
        entries
            .iter()
            .map(|entry| {
                let mut json = Vec::new();
                entry.write_json(&mut json);
                serde_json::from_slice(&json).unwrap()
            })
            .collect()
    }
}

/// What became of items, in a word each.
pub(crate) fn words(results: &[ItemResult]) -> Vec<String> {
    results
        .iter()
        .map(|result| match result {
            ItemResult::Accepted(receipt) => format!("accepted {}", receipt.seq),
            ItemResult::Duplicate(receipt) => format!("duplicate {}", receipt.seq),
            ItemResult::Quarantined(item) => format!("quarantined {}", item.reason),
            ItemResult::Retry { .. } => "retry".to_owned(),
        })
        .collect()
}
