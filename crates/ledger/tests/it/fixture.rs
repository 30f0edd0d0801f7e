//! A ledger on a migrated database, tenants, and drafts to append.

use std::sync::LazyLock;

use custody_auth::{Scope, SystemAuthority};
use custody_domain::{
    EntryId, TenantId,
    commitment::Salt,
    content,
    json::{Limits, Value, parse},
};
use custody_keys::Keys;
use custody_ledger::{Appended, CommitConfig, Draft, EventKey, Ledger, LedgerError, Receipt};
use custody_store::{DatabaseConfig, DatabaseRole, Installation, Store, heads, migrate};
use custody_testkit::{Proxy, TestDatabase};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

static KEYS: LazyLock<(tempfile::TempDir, Keys)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::local(&dir.path().join("master.key")).unwrap();
    (dir, keys)
});

pub(crate) fn keys() -> &'static Keys {
    &KEYS.1
}

pub(crate) struct Fixture {
    database: TestDatabase,
    config: DatabaseConfig,
    installation: Installation,
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    pub(crate) authority: SystemAuthority,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::create().await;
        let config = DatabaseConfig::new(database.url());
        let installation = migrate(&config, &KEYS.1, None).await.unwrap().installation;
        let store = Store::connect(&config, &KEYS.1).await.unwrap();
        let ledger = Ledger::new(store.clone(), KEYS.1.clone(), CommitConfig::default());
        Self { database, config, installation, store, ledger, authority: SystemAuthority::assume() }
    }

    /// Another server on the same database.
    pub(crate) async fn another_ledger(&self) -> Ledger {
        self.ledger_with(CommitConfig::default()).await
    }

    pub(crate) async fn ledger_with(&self, config: CommitConfig) -> Ledger {
        Ledger::new(Store::connect(&self.config, &KEYS.1).await.unwrap(), KEYS.1.clone(), config)
    }

    /// Another server whose wire to the database can be cut.
    pub(crate) async fn ledger_on_a_wire(&self) -> (Ledger, Proxy) {
        let wire = Proxy::start(self.database.url()).await;
        let config = {
            let mut config = self.config.clone();
            wire.url().clone_into(&mut config.url);
            config
        };
        let store = Store::connect(&config, &KEYS.1).await.unwrap();
        (Ledger::new(store, KEYS.1.clone(), CommitConfig::default()), wire)
    }

    /// Runs `sql` past row security: what a restore does, and no role of the program can.
    pub(crate) async fn run_as_table_owner(&self, sql: &str) {
        let mut owner = self.owner().await;
        run(&mut owner, "ALTER TABLE heads NO FORCE ROW LEVEL SECURITY").await;
        run(&mut owner, sql).await;
        run(&mut owner, "ALTER TABLE heads FORCE ROW LEVEL SECURITY").await;
    }

    async fn owner(&self) -> PgConnection {
        PgConnection::connect(self.database.url()).await.unwrap()
    }

    /// A connection that acts as one of the roles, past the program's own ways.
    pub(crate) async fn connection_as(&self, role: DatabaseRole) -> PgConnection {
        let mut connection = self.owner().await;
        let name = self.installation.role_name(role);
        let become_it = format!("GRANT \"{name}\" TO CURRENT_USER; SET ROLE \"{name}\"");
        run(&mut connection, &become_it).await;
        connection
    }

    /// Runs `sql` as one of the roles, or as the owner.
    pub(crate) async fn run_as(&self, role: Option<DatabaseRole>, sql: &str) {
        let mut connection = match role {
            Some(role) => self.connection_as(role).await,
            None => self.owner().await,
        };
        run(&mut connection, sql).await;
    }

    /// A tenant with an empty log.
    pub(crate) async fn tenant(&self, name: &str) -> Scope {
        let tenant = TenantId(Uuid::now_v7());
        let insert = format!("INSERT INTO tenants (id, name, title) VALUES ('{tenant}', '{name}', 'T')");
        self.run_as(Some(DatabaseRole::System), &insert).await;
        let mut tx = self.store.system_tx().await.unwrap();
        heads::create(&mut tx, tenant).await.unwrap();
        tx.commit().await.unwrap();
        self.authority.scope(tenant, "test")
    }

    /// Puts the head's last id where a test wants it.
    pub(crate) async fn set_last_id(&self, scope: &Scope, id: EntryId) {
        let update = format!("UPDATE heads SET last_id = '{id}' WHERE tenant_id = '{}'", scope.tenant());
        self.run_as(Some(DatabaseRole::Writer), &update).await;
    }

    /// A draft of `content`, known again by `event` (its id and what it says).
    pub(crate) async fn event(
        &self,
        scope: &Scope,
        content: &str,
        event: (&str, &str),
    ) -> Result<Draft, LedgerError> {
        let key = self.ledger.event_keys(scope).await?.of_event(("custody", event.0), event.1.as_bytes());
        Ok(draft_with(content, Some(key)))
    }
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Content as a client would send it, made final.
pub(crate) fn draft(content: &str) -> Draft {
    draft_with(content, None)
}

pub(crate) fn draft_with(content: &str, event: Option<EventKey>) -> Draft {
    let Value::Object(mut content) = parse(content.as_bytes(), &Limits::default()).unwrap() else {
        panic!("content is an object")
    };
    content::normalise(&mut content).unwrap();
    Draft::new(&content, Salt(*Uuid::new_v4().as_bytes()), event).unwrap()
}

/// `n` small drafts.
pub(crate) fn drafts(n: usize) -> Vec<Draft> {
    (0..n).map(|i| draft(&format!(r#"{{"action":"order.updated","actor":{{"id":"u{i}"}}}}"#))).collect()
}

pub(crate) fn receipts(appended: &[Appended]) -> Vec<Receipt> {
    appended.iter().map(|appended| *appended.receipt()).collect()
}
