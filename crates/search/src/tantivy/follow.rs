//! Follows the log: every process that answers searches does, for itself.
//!
//! A tenant that gets little is left alone until there is enough for a part, or a minute has passed:
//! a search reads what is missing by itself.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use custody_domain::TenantId;
use custody_ledger::Ledger;
use tokio::{
    task::{self, JoinError, JoinSet},
    time::{self, MissedTickBehavior},
};

use super::{
    IndexError, Tantivy,
    shelf::{COMMIT_COUNT, Shelf},
};

/// Entries of one tenant that is searched that are made a part in memory at once, so that no search has
/// to look at more of them one by one. Of others enough for a part on the disk are waited for: small
/// parts cost more, and are merged more often.
const FOLD_COUNT: u64 = 256;
/// So many are made one once they are a second old.
const FOLD_COUNT_QUIET: u64 = 64;
/// A tenant is searched where somebody did within so many seconds.
const ASKED_LATELY_SECONDS: u64 = 600;
/// What is not on the disk for so long is written.
const COMMIT_AGE: Duration = Duration::from_mins(1);
/// Entries of one tenant that are read from its log in one turn.
const ROUND: u64 = 2 * COMMIT_COUNT;
const TICK: Duration = Duration::from_millis(50);
/// Tenants worked on at once; so many parts are being made at most.
const WORKERS: usize = 2;
/// Parts that stay open although nobody asks for them.
const OPEN_MAX: usize = 1_024;
const IDLE_SECONDS: u64 = 60;

/// How often it looks for what others wrote: searches need not wait for it.
const SIZES_PAUSE: Duration = Duration::from_secs(10);

/// The gauge of entries that are in no part of the index yet.
pub const WAITING: &str = "custody_index_waiting_entries";

/// Entries of one tenant that are in no part, and since when.
#[derive(Clone, Copy, Debug)]
struct Missing {
    count: u64,
    since: Instant,
}

impl Missing {
    fn since_now(count: u64) -> Self {
        Self { count, since: Instant::now() }
    }
}

struct Follower {
    index: Tantivy,
    missing: HashMap<TenantId, Missing>,
    /// One tenant's work each: a tenant that gets more than can be indexed holds up nobody else.
    workers: JoinSet<Result<bool, IndexError>>,
    working: HashMap<task::Id, (TenantId, Missing)>,
    failing: HashMap<TenantId, Instant>,
    /// The logs' sizes when they were looked at last.
    sizes: HashMap<TenantId, u64>,
    /// When all tenants that are open were looked at last.
    looked_at: Instant,
}

impl Tantivy {
    /// Brings the indexes up to the log, for ever.
    pub async fn follow(self, ledger: Ledger) {
        let mut follower = Follower {
            index: self,
            missing: HashMap::new(),
            workers: JoinSet::new(),
            working: HashMap::new(),
            failing: HashMap::new(),
            sizes: HashMap::new(),
            looked_at: Instant::now(),
        };
        let mut sizes_at = Instant::now();
        follower.look_at_sizes(&ledger).await;
        // What is written together is looked at together.
        let mut ticks = time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                Some(done) = follower.workers.join_next_with_id() => follower.finished(done),
            }
            for (tenant, count) in ledger.written().take() {
                follower.missing.entry(tenant).or_insert_with(|| Missing::since_now(0)).count += count;
            }
            if sizes_at.elapsed() >= SIZES_PAUSE {
                follower.look_at_sizes(&ledger).await;
                sizes_at = Instant::now();
            }
            follower.tell();
            follower.work();
        }
    }
}

impl Follower {
    async fn look_at_sizes(&mut self, ledger: &Ledger) {
        let sizes = match ledger.sizes().await {
            Ok(sizes) => sizes,
            Err(error) => {
                tracing::debug!(%error, "the sizes of the logs could not be read");
                return;
            }
        };
        let moved = |known: &HashMap<TenantId, u64>, (tenant, size): &(TenantId, u64)| {
            known.get(tenant) != Some(size)
        };
        let sizes: Vec<_> = sizes.into_iter().filter(|log| moved(&self.sizes, log)).collect();
        self.sizes.extend(sizes.iter().copied());
        let index = self.index.clone();
        let known = task::spawn_blocking(move || {
            sizes
                .into_iter()
                .map(|(tenant, size)| (tenant, size, index.inner().covered(tenant)))
                .collect::<Vec<_>>()
        });
        for (tenant, size, covered) in known.await.unwrap_or_default() {
            let missing = size.saturating_sub(covered);
            if missing > 0 {
                let known = self.missing.entry(tenant).or_insert_with(|| Missing::since_now(0));
                known.count = known.count.max(missing);
            }
        }
    }

    fn tell(&self) {
        let working = self.working.values().map(|(_, missing)| missing);
        let waiting: u64 = self.missing.values().chain(working).map(|missing| missing.count).sum();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        metrics::gauge!(WAITING).set(waiting as f64);
    }

    /// Begins with what waits longest.
    fn work(&mut self) {
        let now = Instant::now();
        self.failing.retain(|_, until| *until > now);
        // Both look at all tenants that are open.
        if now.duration_since(self.looked_at) >= Duration::from_secs(1) {
            for tenant in self.index.inner().with_old_memory(COMMIT_AGE) {
                let since = now.checked_sub(COMMIT_AGE).unwrap_or(now);
                self.missing.entry(tenant).or_insert(Missing { count: 0, since });
            }
            self.index.inner().close_idle(OPEN_MAX, IDLE_SECONDS);
            self.looked_at = now;
        }
        if self.workers.len() >= WORKERS {
            return;
        }
        let mut due: Vec<_> =
            self.missing.iter().filter(|(tenant, missing)| self.is_due(**tenant, **missing, now)).collect();
        due.sort_unstable_by_key(|(_, missing)| missing.since);
        let due: Vec<_> =
            due.into_iter().take(WORKERS - self.workers.len()).map(|(tenant, _)| *tenant).collect();
        for tenant in due {
            let Some(missing) = self.missing.remove(&tenant) else { continue };
            let (index, old) = (self.index.clone(), now.duration_since(missing.since) >= COMMIT_AGE);
            let worker = self.workers.spawn(async move { keep_up(&index, tenant, old).await });
            self.working.insert(worker.id(), (tenant, missing));
        }
    }

    fn is_due(&self, tenant: TenantId, missing: Missing, now: Instant) -> bool {
        let asked = || self.index.inner().was_asked(tenant, ASKED_LATELY_SECONDS);
        let age = now.duration_since(missing.since);
        let fold_count = if age >= Duration::from_secs(1) { FOLD_COUNT_QUIET } else { FOLD_COUNT };
        let enough =
            missing.count >= COMMIT_COUNT || age >= COMMIT_AGE || (missing.count >= fold_count && asked());
        enough
            && !self.failing.contains_key(&tenant)
            && self.working.values().all(|(other, _)| *other != tenant)
    }

    fn finished(&mut self, done: Result<(task::Id, Result<bool, IndexError>), JoinError>) {
        let (worker, done) = match done {
            Ok(done) => done,
            Err(error) => (error.id(), Err(IndexError::Panicked)),
        };
        let Some((tenant, was)) = self.working.remove(&worker) else { return };
        let left = match done {
            Ok(true) => return,
            // In its turn again, behind the others.
            Ok(false) => was.count.saturating_sub(ROUND).max(COMMIT_COUNT),
            Err(error) => {
                tracing::warn!(tenant.id = %tenant, %error, "the index does not follow the log; searches read the log instead");
                metrics::counter!("custody_index_failures_total").increment(1);
                self.failing.insert(tenant, Instant::now() + Duration::from_secs(10));
                was.count.max(COMMIT_COUNT)
            }
        };
        self.missing.entry(tenant).or_insert_with(|| Missing::since_now(0)).count += left;
    }
}

/// Whether the index has all that the log had.
async fn keep_up(index: &Tantivy, tenant: TenantId, old: bool) -> Result<bool, IndexError> {
    let shelf = index.inner().shelf(tenant).await?;
    // Of a part that is to be merged, where nobody may search for long.
    shelf.mending(|| follow_on(&shelf, old)).await
}

async fn follow_on(shelf: &Shelf, old: bool) -> Result<bool, IndexError> {
    let all = shelf.pull(ROUND).await?;
    while shelf.fold().await? {}
    if old || shelf.view().volatile_count() >= COMMIT_COUNT || shelf.has_old_memory(COMMIT_AGE) {
        shelf.commit().await?;
    }
    while shelf.tidy().await? {}
    Ok(all)
}
