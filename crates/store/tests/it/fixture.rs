//! A migrated database with two tenants, and ways to look at it as any role.

use std::sync::LazyLock;

use custody_auth::{Scope, SystemAuthority};
use custody_domain::TenantId;
use custody_keys::Keys;
use custody_store::{DatabaseConfig, DatabaseRole, Installation, Store, migrate};
use custody_testkit::TestDatabase;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

/// One key file for the whole process.
static KEYS: LazyLock<(tempfile::TempDir, Keys)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::local(&dir.path().join("master.key")).unwrap();
    (dir, keys)
});

pub(crate) fn keys() -> &'static Keys {
    &KEYS.1
}

pub(crate) struct Fixture {
    pub(crate) database: TestDatabase,
    pub(crate) config: DatabaseConfig,
    pub(crate) installation: Installation,
    pub(crate) store: Store,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::create().await;
        let config = DatabaseConfig::new(database.url());
        let installation = migrate(&config, keys(), None).await.unwrap().installation;
        let store = Store::connect(&config, keys()).await.unwrap();
        Self { database, config, installation, store }
    }

    /// A connection as the owner.
    pub(crate) async fn owner(&self) -> PgConnection {
        PgConnection::connect(self.database.url()).await.unwrap()
    }

    /// A connection that acts as one of the four roles, outside the program's own ways.
    pub(crate) async fn as_role(&self, role: DatabaseRole) -> PgConnection {
        let mut connection = self.owner().await;
        let name = self.installation.role_name(role);
        run(&mut connection, &format!("GRANT \"{name}\" TO CURRENT_USER")).await;
        run(&mut connection, &format!("SET ROLE \"{name}\"")).await;
        connection
    }

    /// A tenant with an empty log.
    pub(crate) async fn tenant(&self, name: &str) -> Scope {
        let tenant = TenantId(Uuid::now_v7());
        let mut system = self.as_role(DatabaseRole::System).await;
        run(
            &mut system,
            &format!("INSERT INTO tenants (id, name, title) VALUES ('{tenant}', '{name}', 'T')"),
        )
        .await;
        let mut tx = self.store.system_tx().await.unwrap();
        custody_store::heads::create(&mut tx, tenant).await.unwrap();
        tx.commit().await.unwrap();
        scope(tenant)
    }
}

pub(crate) fn scope(tenant: TenantId) -> Scope {
    SystemAuthority::assume().scope(tenant, "test")
}

pub(crate) async fn run(connection: &mut PgConnection, sql: &str) {
    try_run(connection, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The SQLSTATE of an error.
pub(crate) async fn try_run(connection: &mut PgConnection, sql: &str) -> Result<(), String> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.map(drop).map_err(|e| {
        let code = e.as_database_error().and_then(sqlx::error::DatabaseError::code).map(String::from);
        code.unwrap_or_else(|| e.to_string())
    })
}

pub(crate) async fn count(connection: &mut PgConnection, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {sql}")))
        .fetch_one(connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}
