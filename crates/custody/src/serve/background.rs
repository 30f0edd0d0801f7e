//! The work that goes on beside the requests: the log is followed, the audit outbox becomes entries,
//! partitions are made ahead, the private database's state is told.

use std::time::Duration;

use chrono::Utc;
use custody_ingest::{Ingest, outbox};
use custody_ledger::{
    Ledger,
    follow::{self, FollowConfig, Singletons},
};
use custody_queue::{
    Worker,
    hear::{self, Heard},
};
use custody_store::{Store, embedded::State, expired, partitions};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::jobs;
use crate::{
    config::{Config, Flags},
    installation::Installation,
};

/// A server whose own changes did not wake it (another node wrote them) looks this often.
const OUTBOX_PAUSE: Duration = Duration::from_secs(1);
const PARTITIONS_PAUSE: Duration = Duration::from_mins(10);
/// While today's partition is missing nothing can be written: look sooner.
const PARTITIONS_PAUSE_MISSING: Duration = Duration::from_secs(5);
const SWEEP_PAUSE: Duration = Duration::from_hours(1);
/// The exporter forgets idle samples only when it is asked to.
const METRICS_PAUSE: Duration = Duration::from_secs(5);

/// The tasks, and the word that ends them.
pub(super) struct Background {
    tasks: JoinSet<()>,
    /// What runs once in the whole installation; none where this process is not to work.
    followers: Option<Singletons>,
    worker: Option<Worker>,
    heard: Heard,
    stop: CancellationToken,
}

impl Background {
    /// What every process does for itself; and, where `works`, what one of them does for all.
    pub(super) async fn start(
        installation: &Installation,
        (config, flags): (&Config, &Flags),
        (ledger, ingest): (&Ledger, &Ingest),
        metrics: &PrometheusHandle,
        works: bool,
    ) -> anyhow::Result<Self> {
        let (stop, store) = (CancellationToken::new(), &installation.store);
        let (ears, heard) = hear::ears(store);
        // May refuse, so before anything runs.
        let dispatch = if works { Some(jobs::dispatch(installation, config, &heard).await?) } else { None };
        let mut tasks = JoinSet::new();
        tasks.spawn(until(&stop, upkeep(metrics.clone())));
        tasks.spawn(until(&stop, follow::announce(store.clone(), ledger.moved())));
        tasks.spawn(until(&stop, hear::announce(store.clone())));
        tasks.spawn(until(&stop, ears.listen()));
        if let Some(server) = installation.private_server() {
            tasks.spawn(until(&stop, tell_state(server.state())));
        }
        if works {
            let drainer = outbox::Drainer::new(store.clone(), ingest.clone(), installation.authority.clone());
            tasks.spawn(until(&stop, drain(drainer)));
            tasks.spawn(until(&stop, maintain_partitions(store.clone())));
            tasks.spawn(until(&stop, sweep(store.clone())));
        }
        let followers = works
            .then(|| Singletons::start(store, ledger.moved(), follow::all(ledger), FollowConfig::default()));
        // As the followers' holder: one name for what this start of the process holds.
        let worker = followers.as_ref().zip(dispatch).map(|(followers, dispatch)| {
            jobs::start(installation, (config, flags), dispatch, heard.clone(), followers.holder())
        });
        Ok(Self { tasks, followers, worker, heard, stop })
    }

    /// What is heard of jobs, here and elsewhere.
    pub(super) fn heard(&self) -> Heard {
        self.heard.clone()
    }

    /// Under which this process holds leases; none where it holds none.
    pub(super) fn lease_holder(&self) -> Option<Uuid> {
        self.followers.as_ref().map(Singletons::holder)
    }

    /// Ends each at its next pause; what it left unfinished is found by the next start. Followers end
    /// what they have begun, for which they have `patience`.
    pub(super) async fn stop(mut self, patience: Duration) {
        if let Some(worker) = self.worker {
            worker.stop(patience).await;
        }
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        if let Some(followers) = self.followers {
            followers.stop(patience).await;
        }
    }
}

fn until(
    stop: &CancellationToken,
    work: impl Future<Output = ()> + Send + 'static,
) -> impl Future<Output = ()> + Send + 'static {
    let stop = stop.clone();
    async move {
        tokio::select! {
            () = work => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn drain(drainer: outbox::Drainer) {
    let mut failing = false;
    loop {
        match drainer.drain().await {
            Ok(written) => {
                if written > 0 {
                    tracing::debug!(entry.count = written, "own changes written to the log");
                }
                failing = false;
            }
            Err(error) if !failing => {
                tracing::warn!(%error, "own changes wait to be written to the log");
                failing = true;
            }
            Err(_) => {}
        }
        tokio::time::sleep(OUTBOX_PAUSE).await;
    }
}

async fn maintain_partitions(store: Store) {
    loop {
        let pause = match partitions::maintain(&store).await {
            Ok(coverage) => {
                metrics::gauge!("custody_partitions_ahead_days").set(f64::from(coverage.ahead));
                if coverage.is_writable() { PARTITIONS_PAUSE } else { PARTITIONS_PAUSE_MISSING }
            }
            Err(error) => {
                tracing::error!(%error, "partitions could not be made ahead");
                PARTITIONS_PAUSE_MISSING
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Credentials that have expired are good for nothing; their rows go.
async fn sweep(store: Store) {
    loop {
        if let Err(error) = expired::sweep(&store, Utc::now()).await {
            tracing::warn!(%error, "expired sessions and secrets could not be swept out");
        }
        tokio::time::sleep(SWEEP_PAUSE).await;
    }
}

async fn upkeep(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(METRICS_PAUSE).await;
        metrics.run_upkeep();
    }
}

async fn tell_state(mut state: watch::Receiver<State>) {
    let mut was_down = false;
    loop {
        let up = {
            let now = state.borrow_and_update();
            match &*now {
                State::Down { reason } => {
                    was_down = true;
                    tracing::error!(%reason, "the private database is down; it is started again");
                }
                State::Ready if was_down => tracing::info!("the private database is ready again"),
                State::Ready | State::Starting | State::Stopped => {}
            }
            *now == State::Ready
        };
        metrics::gauge!("custody_private_database_up").set(f64::from(u8::from(up)));
        if state.changed().await.is_err() {
            return;
        }
    }
}
