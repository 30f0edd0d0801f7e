//! Runs jobs: takes as many as it has room for, keeps them while they run, writes down how they ended.

mod attempt;
mod config;
mod feed;
mod finish;
pub(crate) mod handle;
mod hands;
mod keep;
mod tend;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use custody_auth::SystemAuthority;
use custody_store::{
    Store,
    jobs::{self, Worker as Row},
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{self, Instant},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

pub use attempt::OUTCOMES;
pub use config::WorkerConfig;

use self::{attempt::Ended, hands::Hands};
use crate::{Dispatch, Kinds, hear::Heard, signal::Why};

/// Jobs that were broken off have so long to write down that they were.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What all parts of one worker share.
pub(crate) struct Shared {
    store: Store,
    authority: SystemAuthority,
    kinds: Kinds,
    dispatch: Arc<dyn Dispatch>,
    config: WorkerConfig,
    /// As the database has it.
    row: Row,
    hands: Hands,
    ended: mpsc::UnboundedSender<Ended>,
    attempts: TaskTracker,
    /// It takes no more.
    stop: CancellationToken,
    /// Since when it is heard of without a break.
    steady: Mutex<Option<Instant>>,
}

/// One worker of this process.
#[derive(Debug)]
pub struct Worker {
    shared: Arc<Shared>,
    feeding: JoinSet<()>,
    finishing: JoinSet<()>,
    beside: JoinSet<()>,
}

impl Worker {
    /// `id` is of this start of it, and its own. Runs until [`Worker::stop`].
    pub fn start(
        id: Uuid,
        store: &Store,
        authority: &SystemAuthority,
        kinds: Kinds,
        dispatch: Arc<dyn Dispatch>,
        heard: &Heard,
        config: WorkerConfig,
    ) -> Self {
        let (ended, endings) = mpsc::unbounded_channel();
        let row = Row {
            id,
            name: config.name.clone(),
            // Whether it runs them or not: where their workers are away for a while, jobs wait.
            kinds: kinds.iter().map(|k| format!("{}/{}", k.name, k.version)).collect(),
            runs: kinds.iter().filter(|k| config.slots_of(k) > 0).map(|k| k.name.to_owned()).collect(),
            slots: config.slots,
        };
        let shared = Arc::new(Shared {
            store: store.clone(),
            authority: authority.clone(),
            hands: Hands::new(config.slots, &kinds),
            kinds,
            dispatch,
            config,
            row,
            ended,
            attempts: TaskTracker::new(),
            stop: CancellationToken::new(),
            steady: Mutex::default(),
        });
        let (mut feeding, mut finishing, mut beside) = (JoinSet::new(), JoinSet::new(), JoinSet::new());
        beside.spawn(keep::keep(shared.clone(), heard.cancelled.clone()));
        beside.spawn(tend::tend(shared.clone(), heard.wait.clone()));
        beside.spawn({
            let shared = shared.clone();
            async move { shared.dispatch.attend(shared.clone()).await }
        });
        finishing.spawn(finish::finish(shared.clone(), endings));
        feeding.spawn(feed::feed(shared.clone()));
        Self { shared, feeding, finishing, beside }
    }

    pub fn id(&self) -> Uuid {
        self.shared.row.id
    }

    /// Takes no more jobs and lets those that run end, for which they have `patience`; what has not ended
    /// by then is broken off and handed back, as if it had not been begun.
    pub async fn stop(mut self, patience: Duration) {
        let until = Instant::now() + patience;
        self.shared.stop.cancel();
        while self.feeding.join_next().await.is_some() {}
        self.shared.hands.tell_all(Why::Stopping);
        self.shared.attempts.close();
        if time::timeout_at(until, self.shared.attempts.wait()).await.is_err() {
            self.shared.hands.abort_all();
            let _ = time::timeout(LAST_WORDS, self.shared.attempts.wait()).await;
        }
        let drained = async {
            while !self.shared.hands.is_empty() {
                time::sleep(Duration::from_millis(5)).await;
            }
        };
        if time::timeout(LAST_WORDS, drained).await.is_err() {
            tracing::warn!(jobs = self.shared.hands.len(), "jobs did not end in time; others take them over");
        }
        self.finishing.shutdown().await;
        self.beside.shutdown().await;
        let _ = time::timeout(LAST_WORDS, self.shared.dispatch.close()).await;
        self.shared.hand_back_unbegun().await;
        hand_over(&self.shared.store, self.shared.row.id).await;
    }
}

/// What a worker leaves that is gone for good: others need not wait until it is missed.
pub async fn hand_over(store: &Store, worker: Uuid) {
    let over = async {
        jobs::leave(store, worker).await?;
        jobs::take_back(store, None, Some(worker), || true).await
    };
    match over.await {
        Ok(strays) => tend::count(&strays),
        Err(error) => {
            tracing::warn!(%error, "jobs were not handed over; others take them when this worker is missed");
        }
    }
}

impl Shared {
    /// What was handed out while the worker was told to stop: nobody has begun it.
    async fn hand_back_unbegun(&self) {
        let back = async {
            let (held, _) = jobs::beat(&self.store, &self.row, self.config.lease_ttl).await?;
            let held = held.iter().map(|held| (held.job, held.token));
            let unbegun: Vec<_> = held.filter(|(job, token)| !self.hands.has(*job, *token)).collect();
            jobs::hand_back(&self.store, self.row.id, &unbegun, false).await
        };
        if let Err(error) = back.await {
            tracing::debug!(%error, "what was not begun is taken over by others");
        }
    }

    /// The database answered in time, and its clock went on as ours did; or not.
    fn is_steady(&self, yes: bool) {
        let mut steady = self.steady.lock().unwrap_or_else(PoisonError::into_inner);
        *steady = steady.filter(|_| yes).or_else(|| Some(Instant::now()));
    }

    /// Whether it may say of others that they are gone. After an outage or a leap of the clock all seem to
    /// be, until each has had its turn to say that it is there: they try every third of a lease.
    fn may_miss_others(&self) -> bool {
        let steady = *self.steady.lock().unwrap_or_else(PoisonError::into_inner);
        steady.is_some_and(|since| since.elapsed() >= self.config.lease_ttl * 2 / 3)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("row", &self.row).finish_non_exhaustive()
    }
}
