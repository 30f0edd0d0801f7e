//! A database with tenants, and a job that does nothing: what the measurements of the queue share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use custody_auth::{Scope, SystemAuthority};
use custody_domain::TenantId;
use custody_keys::Keys;
use custody_queue::{
    Dispatch, Done, Job, JobError, Kinds, OpContext, Options, Worker, WorkerConfig, enqueue,
    hear::{self, Heard},
};
use custody_store::{DatabaseConfig, Store, jobs, migrate};
use custody_testkit::TestDatabase;
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::{sync::mpsc, task::JoinHandle};
use uuid::Uuid;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Does nothing, and says when it began.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Empty;

#[derive(Clone)]
pub(crate) struct Told {
    ended: Arc<AtomicUsize>,
    begun: mpsc::UnboundedSender<Instant>,
}

impl Job for Empty {
    const KIND: &'static str = "bench.empty";
    type Services = Told;

    async fn run(&self, context: &OpContext<Told>) -> Result<Done, JobError> {
        let _ = context.services().begun.send(Instant::now());
        context.services().ended.fetch_add(1, Ordering::Relaxed);
        Ok(Done::nothing())
    }
}

pub(crate) struct Rig {
    config: DatabaseConfig,
    keys: Keys,
    pub(crate) store: Store,
    authority: SystemAuthority,
    pub(crate) owner: PgConnection,
    told: Told,
    pub(crate) begun: mpsc::UnboundedReceiver<Instant>,
    _folder: tempfile::TempDir,
}

pub(crate) type Running = (Worker, Vec<JoinHandle<()>>);

impl Rig {
    pub(crate) async fn new() -> Result<Self, Error> {
        let folder = tempfile::tempdir()?;
        let database = TestDatabase::create().await;
        let config = DatabaseConfig::new(database.url());
        let keys = Keys::local(&folder.path().join("master.key"))?;
        migrate(&config, &keys, None).await?;
        let (begins, begun) = mpsc::unbounded_channel();
        Ok(Self {
            store: Store::connect(&config, &keys).await?,
            owner: PgConnection::connect(database.url()).await?,
            authority: SystemAuthority::assume(),
            told: Told { ended: Arc::default(), begun: begins },
            begun,
            config,
            keys,
            _folder: folder,
        })
    }

    pub(crate) async fn tenants(&mut self, count: usize) -> Result<Vec<Scope>, Error> {
        let ids: Vec<_> = (0..count).map(|_| Uuid::now_v7()).collect();
        let rows: Vec<_> = ids.iter().map(|id| format!("('{id}', 't{}', 'T')", id.simple())).collect();
        let insert = format!("INSERT INTO tenants (id, name, title) VALUES {}", rows.join(", "));
        let force = |word| format!("ALTER TABLE tenants {word} ROW LEVEL SECURITY");
        for sql in [force("NO FORCE"), insert, force("FORCE")] {
            sqlx::query(AssertSqlSafe(sql)).execute(&mut self.owner).await?;
        }
        Ok(ids.into_iter().map(|id| self.authority.scope(TenantId(id), "bench")).collect())
    }

    /// On connections of their own, as other processes.
    pub(crate) async fn workers(
        &self,
        count: usize,
        dispatch: impl Fn(&Store, &Heard) -> Arc<dyn Dispatch>,
    ) -> Result<Vec<Running>, Error> {
        let mut workers = Vec::new();
        for _ in 0..count {
            let store = Store::connect(&self.config, &self.keys).await?;
            let (ears, heard) = hear::ears(&store);
            let beside = vec![tokio::spawn(ears.listen()), tokio::spawn(hear::announce(store.clone()))];
            let dispatch = dispatch(&store, &heard);
            let kinds = Kinds::new().with::<Empty>(self.told.clone());
            let (id, config) = (Uuid::new_v4(), WorkerConfig::default());
            workers
                .push((Worker::start(id, &store, &self.authority, kinds, dispatch, &heard, config), beside));
        }
        Ok(workers)
    }

    /// A hundred in a transaction, four beside each other.
    pub(crate) async fn enqueue(&self, tenants: &[Scope], count: usize) -> Result<(), Error> {
        let mut lanes = tokio::task::JoinSet::new();
        for lane in 0..4 {
            let (store, tenants) = (self.store.clone(), tenants.to_vec());
            lanes.spawn(async move {
                for batch in 0..count / 400 {
                    let tenant = &tenants[(batch * 4 + lane) % tenants.len()];
                    let mut tx = store.tenant_tx(tenant).await?;
                    for _ in 0..100 {
                        enqueue(&mut tx, tenant, &Empty, Options::default()).await?;
                    }
                    tx.commit().await?;
                }
                Ok::<_, Error>(())
            });
        }
        while let Some(lane) = lanes.join_next().await {
            lane??;
        }
        Ok(())
    }

    /// Ended is what is written down as such.
    pub(crate) async fn until_ended(&mut self, count: usize) -> Result<(), Error> {
        while self.told.ended.load(Ordering::Relaxed) < count {
            // A measurement, and no test: as often as costs nothing beside what is measured.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        while jobs::depths(&self.store).await?.iter().any(|depth| depth.waiting + depth.running > 0) {
            // A measurement, and no test: as often as costs nothing beside what is measured.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        while self.begun.try_recv().is_ok() {}
        self.told.ended.store(0, Ordering::Relaxed);
        Ok(())
    }
}

pub(crate) async fn stop(workers: Vec<Running>) {
    for (worker, beside) in workers {
        worker.stop(Duration::from_secs(10)).await;
        beside.iter().for_each(JoinHandle::abort);
    }
}
