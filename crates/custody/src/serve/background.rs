//! The work that goes on beside the requests: the log is followed, the audit outbox becomes entries,
//! jobs are run and schedules fired, the private database's state is told.

use std::time::Duration;

use custody_ingest::{outbox, reads::Teller};
use custody_ledger::follow::{self, FollowConfig, Singletons};
use custody_queue::{
    Worker,
    hear::{self, Heard},
    schedules,
};
use custody_store::{Store, embedded::State, partitions};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Parts, jobs};
use crate::{
    config::{Config, Flags},
    installation::Installation,
    jobs as house,
};

/// A server whose own changes did not wake it (another node wrote them) looks this often.
const OUTBOX_PAUSE: Duration = Duration::from_secs(1);
/// While today's partition is missing nothing can be written.
const PARTITIONS_PAUSE: Duration = Duration::from_secs(5);
/// At the end, to tell what is not told yet.
const LAST_READS_TIME_MAX: Duration = Duration::from_secs(5);
/// The exporter forgets idle samples only when it is asked to.
const METRICS_PAUSE: Duration = Duration::from_secs(5);

/// The tasks, and the word that ends them.
pub(super) struct Background {
    tasks: JoinSet<()>,
    /// What runs once in the whole installation; none where this process is not to work.
    followers: Option<Singletons>,
    worker: Option<Worker>,
    heard: Heard,
    /// Writes who asked what; ends after the others, once nobody asks any more.
    teller: JoinHandle<Teller>,
    stop: CancellationToken,
}

impl Background {
    /// What every process does for itself; and, where `works`, what one of them does for all.
    pub(super) async fn start(
        installation: &Installation,
        config: &Config,
        flags: &Flags,
        parts: &Parts,
        metrics: &PrometheusHandle,
        works: bool,
    ) -> anyhow::Result<Self> {
        let (stop, store) = (CancellationToken::new(), &installation.store);
        let Parts { ledger, ingest, reads, searches, kinds, .. } = parts;
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
            tasks.spawn(until(&stop, first_partitions(store.clone())));
        }
        let followers = works.then(|| {
            let mut all = follow::all(ledger);
            all.extend(searches.follower(installation, ledger));
            Singletons::start(store, ledger.moved(), all, FollowConfig::default())
        });
        if works {
            let (own, changed) = (house::schedules(&config.search)?, heard.schedules.clone());
            tasks.spawn(until(&stop, schedules::run(store.clone(), kinds.clone(), own, changed)));
        }
        // As the followers' holder: one name for what this start of the process holds.
        let worker = followers.as_ref().zip(dispatch).map(|(followers, dispatch)| {
            jobs::start(installation, config, flags, kinds.clone(), dispatch, &heard, followers.holder())
        });
        let teller = Teller::new(reads.clone(), ingest.clone(), installation.authority.clone());
        let teller = tokio::spawn(tell_reads(teller, stop.clone()));
        Ok(Self { tasks, followers, worker, heard, teller, stop })
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
        if let Ok(teller) = self.teller.await
            && time::timeout(patience.max(LAST_READS_TIME_MAX), teller.finish()).await.is_err()
        {
            tracing::error!("reads could not be told in the log before the end");
        }
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

async fn tell_reads(mut teller: Teller, stop: CancellationToken) -> Teller {
    tokio::select! {
        () = teller.run() => {}
        () = stop.cancelled() => {}
    }
    teller
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
        time::sleep(OUTBOX_PAUSE).await;
    }
}

/// At once, so that the first append has its day; from then on the schedule makes them.
async fn first_partitions(store: Store) {
    loop {
        match partitions::maintain(&store).await {
            Ok(coverage) if coverage.is_writable() => return,
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "partitions could not be made ahead"),
        }
        time::sleep(PARTITIONS_PAUSE).await;
    }
}

async fn upkeep(metrics: PrometheusHandle) {
    loop {
        time::sleep(METRICS_PAUSE).await;
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
