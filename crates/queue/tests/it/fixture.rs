//! A migrated database, tenants, and workers on it.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use crate::sqs::{aws_url, shared};
use custody_auth::{Scope, SystemAuthority};
use custody_domain::TenantId;
use custody_keys::Keys;
use custody_queue::sqs::{Channel, RelayConfig, Sqs, SqsConfig};
use custody_queue::{
    Dispatch, Enqueued, IfTaken, Job, Kinds, Options, Postgres, Worker, WorkerConfig, enqueue,
    hear::{self, Heard},
};
use custody_store::{DatabaseConfig, Store, jobs, migrate};
use custody_testkit::{TestDatabase, eventually};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::task::JoinHandle;
use uuid::Uuid;

static KEYS: LazyLock<(tempfile::TempDir, Keys)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::local(&dir.path().join("master.key")).unwrap();
    (dir, keys)
});

/// What hands jobs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Postgres,
    Sqs,
}

/// An installation, and the part that its workers use.
pub(crate) struct Fixture {
    pub(crate) database: TestDatabase,
    config: DatabaseConfig,
    pub(crate) part: Part,
    /// The same for all workers of one installation.
    queue: SqsConfig,
    pub(crate) relay: RelayConfig,
    pub(crate) store: Store,
    pub(crate) authority: SystemAuthority,
}

/// A worker with what it needs beside it.
pub(crate) struct Running {
    pub(crate) worker: Worker,
    pub(crate) store: Store,
    beside: Vec<JoinHandle<()>>,
}

impl Running {
    pub(crate) async fn stop(self) {
        self.worker.stop(Duration::from_secs(10)).await;
        self.beside.iter().for_each(JoinHandle::abort);
    }

    /// As if its process had been killed: nothing is handed back, nothing is said.
    pub(crate) fn kill(self) {
        self.beside.iter().for_each(JoinHandle::abort);
        drop(self.worker);
    }
}

/// Short, so that a test need not wait for it; long enough for a busy machine.
pub(crate) fn quick() -> WorkerConfig {
    WorkerConfig { lease_ttl: Duration::from_secs(3), ..WorkerConfig::default() }
}

impl Fixture {
    pub(crate) async fn new(part: Part) -> Self {
        let database = TestDatabase::create().await;
        let config = DatabaseConfig::new(database.url());
        migrate(&config, &KEYS.1, None).await.unwrap();
        let store = Store::connect(&config, &KEYS.1).await.unwrap();
        let queue = SqsConfig {
            visibility: Duration::from_secs(3),
            wait: Duration::from_secs(1),
            ..SqsConfig::new(&format!("it-{}", Uuid::new_v4()), Uuid::new_v4())
        };
        let relay = RelayConfig {
            unconfirmed: Duration::from_secs(2),
            unseen: Duration::from_secs(5),
            ..RelayConfig::default()
        };
        Self { database, config, part, queue, relay, store, authority: SystemAuthority::assume() }
    }

    /// The queue that its workers share.
    pub(crate) async fn channel(&self) -> Channel {
        Channel::open_with(self.queue.clone(), &shared(&aws_url())).await.unwrap()
    }

    pub(crate) async fn another_store(&self) -> Store {
        Store::connect(&self.config, &KEYS.1).await.unwrap()
    }

    pub(crate) async fn tenant(&self) -> Scope {
        let tenant = TenantId(Uuid::now_v7());
        let insert = format!(
            "INSERT INTO tenants (id, name, title) VALUES ('{tenant}', 't{}', 'T')",
            tenant.0.simple()
        );
        self.in_table("tenants", &insert).await;
        self.authority.scope(tenant, "test")
    }

    /// On connections of its own, as another process has them.
    pub(crate) async fn worker(&self, kinds: &Kinds, config: WorkerConfig) -> Running {
        let store = self.another_store().await;
        let (ears, heard) = hear::ears(&store);
        let beside = vec![tokio::spawn(ears.listen()), tokio::spawn(hear::announce(store.clone()))];
        let dispatch = self.dispatch(&store, &heard);
        let worker =
            Worker::start(Uuid::new_v4(), &store, &self.authority, kinds.clone(), dispatch, &heard, config);
        Running { worker, store, beside }
    }

    fn dispatch(&self, store: &Store, heard: &Heard) -> Arc<dyn Dispatch> {
        match self.part {
            Part::Postgres => Arc::new(Postgres::new(store.clone(), heard.wait.clone(), true)),
            Part::Sqs => {
                let sdk = Some(shared(&aws_url()));
                Arc::new(Sqs::new(store.clone(), self.queue.clone(), sdk, self.relay, heard.wait.clone()))
            }
        }
    }

    pub(crate) async fn ask<J: Job>(&self, scope: &Scope, job: &J) -> Uuid {
        self.ask_with(scope, job, Options::default()).await
    }

    pub(crate) async fn ask_with<J: Job>(&self, scope: &Scope, job: &J, options: Options) -> Uuid {
        let mut tx = self.store.tenant_tx(scope).await.unwrap();
        let enqueued = enqueue(&mut tx, scope, job, options).await.unwrap();
        tx.commit().await.unwrap();
        self.announce().await;
        enqueued.id()
    }

    pub(crate) async fn ask_unique<J: Job>(
        &self,
        scope: &Scope,
        job: &J,
        key: &str,
        if_taken: IfTaken,
    ) -> Result<Enqueued, custody_queue::EnqueueError> {
        let options = Options { unique: Some((key.to_owned(), if_taken)), ..Options::default() };
        let mut tx = self.store.tenant_tx(scope).await.unwrap();
        let enqueued = enqueue(&mut tx, scope, job, options).await?;
        tx.commit().await.unwrap();
        self.announce().await;
        Ok(enqueued)
    }

    /// What the process that asks does beside.
    async fn announce(&self) {
        use custody_store::announcements::{Channel, announce};
        announce(&self.store, Channel::JobsWait).await.unwrap();
    }

    pub(crate) async fn job(&self, scope: &Scope, id: Uuid) -> jobs::Job {
        let mut tx = self.store.tenant_tx(scope).await.unwrap();
        let job = jobs::get(&mut tx, id).await.unwrap();
        tx.commit().await.unwrap();
        job
    }

    pub(crate) async fn until(&self, scope: &Scope, id: Uuid, status: jobs::Status) -> jobs::Job {
        eventually(&format!("job {id} is {status:?}"), async || {
            Some(self.job(scope, id).await).filter(|job| job.status == status)
        })
        .await
    }

    /// Past row security, as nobody of the program can.
    pub(crate) async fn run_as_table_owner(&self, sql: &str) {
        self.in_table("jobs", sql).await;
    }

    pub(crate) async fn in_table(&self, table: &str, sql: &str) {
        let mut owner = PgConnection::connect(self.database.url()).await.unwrap();
        let force = |word| format!("ALTER TABLE {table} {word} ROW LEVEL SECURITY");
        for statement in [force("NO FORCE"), sql.to_owned(), force("FORCE")] {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut owner).await.unwrap();
        }
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.count_in("jobs", sql).await
    }

    pub(crate) async fn count_outbox(&self, sql: &str) -> i64 {
        self.count_in("audit_outbox", sql).await
    }

    pub(crate) async fn count_in(&self, table: &str, sql: &str) -> i64 {
        let mut owner = PgConnection::connect(self.database.url()).await.unwrap();
        let mut tx = owner.begin().await.unwrap();
        // Undone at the end, and seen by nobody else.
        let seen = format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY");
        sqlx::query(AssertSqlSafe(seen)).execute(&mut *tx).await.unwrap();
        let count = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut *tx).await.unwrap();
        tx.rollback().await.unwrap();
        count
    }
}
