//! A log of one's own.

use std::sync::{Arc, LazyLock};

use chrono::Utc;
use custody_auth::{Scope, SystemAuthority};
use custody_domain::{
    TenantId,
    commitment::Salt,
    json::{Limits, Value, parse},
    query,
};
use custody_export::{Compression, Exports, Format, Manifest, Piece, Request};
use custody_keys::Keys;
use custody_ledger::{CommitConfig, Draft, Ledger};
use custody_search::Asked;
use custody_store::{
    DatabaseConfig, Store, migrate,
    tenants::{self, NewTenant},
};
use custody_testkit::TestDatabase;
use tokio::sync::{Mutex, OwnedMutexGuard};
use uuid::Uuid;

/// One test at a time: what they measure is the memory of the process.
static ALONE: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);

pub(crate) struct Fixture {
    pub(crate) scope: Scope,
    ledger: Ledger,
    exports: Exports,
    _keys: tempfile::TempDir,
    _alone: OwnedMutexGuard<()>,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let alone = Arc::clone(&ALONE).lock_owned().await;
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::local(&folder.path().join("master.key")).unwrap();
        let database = TestDatabase::create().await;
        let config = DatabaseConfig::new(database.url());
        migrate(&config, &keys, None).await.unwrap();
        let store = Store::connect(&config, &keys).await.unwrap();
        let authority = SystemAuthority::assume();
        let operator = authority.scope(TenantId::RESERVED, "test");
        let new = NewTenant { name: "mine".into(), title: "mine".into(), admin_email: None };
        let created = tenants::create(&store, &operator, new, Utc::now()).await.unwrap();
        let scope = authority.scope(created.tenant.id, "test");
        let ledger = Ledger::new(store, keys, CommitConfig::default());
        Self { scope, exports: Exports::new(ledger.clone()), ledger, _keys: folder, _alone: alone }
    }

    pub(crate) async fn write<T: AsRef<[u8]>>(&self, contents: impl IntoIterator<Item = T>) {
        let drafts = contents.into_iter().map(|content| {
            let Value::Object(object) = parse(content.as_ref(), &Limits::default()).unwrap() else {
                panic!("no object");
            };
            Draft::new(&object, Salt(Uuid::new_v4().into_bytes()), None).unwrap()
        });
        self.ledger.append(&self.scope, drafts.collect()).await.unwrap();
    }

    pub(crate) async fn begin(&self, format: Format, query: &str) -> custody_export::Export {
        let request = Request {
            id: Uuid::new_v4(),
            scope: self.scope.clone(),
            asked: Asked::new(&self.scope, query::parse(query).unwrap()),
            query: query.to_owned(),
            format,
            compression: Compression::None,
            head: self.exports.head(&self.scope).await.unwrap(),
        };
        self.exports.begin(request)
    }

    pub(crate) async fn export(&self, format: Format, query: &str) -> (Vec<u8>, Manifest) {
        let mut export = self.begin(format, query).await;
        let mut bytes = Vec::new();
        loop {
            match export.next().await.unwrap().unwrap() {
                Piece::Bytes(piece) => bytes.extend_from_slice(&piece),
                Piece::End(manifest) => return (bytes, *manifest),
            }
        }
    }
}
