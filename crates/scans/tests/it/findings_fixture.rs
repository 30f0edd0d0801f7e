//! A migrated database with tenants, and files read into it.

use std::{collections::BTreeMap, fs, io::Write as _, sync::LazyLock};

use chrono::{DateTime, Utc};
use custody_auth::{Scope, SystemAuthority};
use custody_domain::{ScanId, TenantId};
use custody_keys::Keys;
use custody_scans::{
    export::{Export, ExportForm},
    finding::{Context, NewFinding},
    import::{Bounds, Import, Report},
};
use custody_store::{
    DatabaseConfig, Store,
    findings::{self, ScanRef},
    migrate,
};
use custody_testkit::{TestDatabase, data};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

static KEYS: LazyLock<(tempfile::TempDir, Keys)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::local(&dir.path().join("master.key")).unwrap();
    (dir, keys)
});

pub(crate) struct Fixture {
    pub(crate) store: Store,
    owner: String,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::create().await;
        let config = DatabaseConfig::new(database.url());
        migrate(&config, &KEYS.1, None).await.unwrap();
        Self { store: Store::connect(&config, &KEYS.1).await.unwrap(), owner: database.url().to_owned() }
    }

    pub(crate) async fn tenant(&self) -> Scope {
        let tenant = TenantId(Uuid::now_v7());
        let role = self.store.installation().role_name(custody_store::DatabaseRole::System);
        let mut owner = PgConnection::connect(&self.owner).await.unwrap();
        let name = &tenant.0.simple().to_string()[20..];
        let sql = format!(
            "GRANT \"{role}\" TO CURRENT_USER; SET ROLE \"{role}\";
             INSERT INTO tenants (id, name, title) VALUES ('{tenant}', 't{name}', 'T')"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut owner).await.unwrap();
        SystemAuthority::assume().scope(tenant, "test")
    }

    /// Reads a file into a scan.
    pub(crate) async fn import(&self, scope: &Scope, scan: ScanRef, file: Vec<u8>) -> Report {
        let mut import = Import::start(std::io::Cursor::new(file), context(), Bounds::default());
        while let Some(batch) = import.next().await {
            let mut tx = self.store.tenant_tx(scope).await.unwrap();
            let inserted = findings::insert(&mut tx, &scan, &batch, Utc::now()).await.unwrap();
            tx.commit().await.unwrap();
            import.kept(&batch, &inserted);
        }
        import.into_report()
    }

    pub(crate) async fn export(&self, scope: &Scope, scan: ScanRef, form: ExportForm) -> String {
        let mut export = Export::new(self.store.clone(), scope.clone(), scan.id, form);
        let mut file = Vec::new();
        while let Some(piece) = export.next().await.unwrap() {
            file.extend(piece);
        }
        String::from_utf8(file).unwrap()
    }
}

pub(crate) fn new_scan() -> ScanRef {
    ScanRef { id: ScanId(Uuid::now_v7()), previous: None }
}

pub(crate) fn context() -> Context {
    Context { provider: None, account: None, seen_at: DateTime::<Utc>::UNIX_EPOCH }
}

/// Reads a file without keeping anything.
pub(crate) async fn read(file: &[u8]) -> (Vec<NewFinding>, Report) {
    read_within(file, Bounds::default()).await
}

pub(crate) async fn read_within(file: &[u8], bounds: Bounds) -> (Vec<NewFinding>, Report) {
    let mut import = Import::start(std::io::Cursor::new(file.to_vec()), context(), bounds);
    let mut findings = Vec::new();
    while let Some(batch) = import.next().await {
        findings.extend(batch);
    }
    (findings, import.into_report())
}

pub(crate) fn prowler(name: &str) -> Option<Vec<u8>> {
    data::path(&format!("prowler/{name}")).map(|path| fs::read(path).unwrap())
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn counts(by: &BTreeMap<&'static str, u64>) -> Vec<(&'static str, u64)> {
    by.iter().map(|(word, count)| (*word, *count)).collect()
}
