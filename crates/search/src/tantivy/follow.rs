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
    task::{JoinError, JoinSet},
    time,
};

use super::{
    IndexError, Tantivy,
    shelf::{COMMIT_COUNT, Shelf},
};

/// Entries of one tenant that are made a part in memory at once, so that no search has to look at
/// more of them one by one.
const FOLD_COUNT: u64 = 256;
/// A search finds no more than this in no part, once a tenant that is searched has been quiet for a
/// second.
const ASKED_LATELY_SECONDS: u64 = 600;
/// What is not on the disk for so long is written.
const COMMIT_AGE: Duration = Duration::from_mins(1);
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

struct Follower {
    index: Tantivy,
    /// Entries known to be missing from parts, and since when.
    missing: HashMap<TenantId, (u64, Instant)>,
    failing: HashMap<TenantId, Instant>,
    /// The logs' sizes when they were looked at last.
    sizes: HashMap<TenantId, u64>,
    /// When all tenants that are open were looked at last.
    looked_at: Instant,
}

impl Tantivy {
    /// Brings the indexes up to the log, for ever.
    pub async fn follow(self, ledger: Ledger) {
        let mut moved = ledger.moved();
        let mut follower = Follower {
            index: self,
            missing: HashMap::new(),
            failing: HashMap::new(),
            sizes: HashMap::new(),
            looked_at: Instant::now(),
        };
        let mut sizes_at = Instant::now();
        follower.look_at_sizes(&ledger).await;
        loop {
            // What is written together is looked at together.
            time::sleep(TICK).await;
            let _ = time::timeout(TICK, moved.changed()).await;
            for (tenant, count) in ledger.written().take() {
                follower.missing.entry(tenant).or_insert((0, Instant::now())).0 += count;
            }
            if sizes_at.elapsed() >= SIZES_PAUSE {
                follower.look_at_sizes(&ledger).await;
                sizes_at = Instant::now();
            }
            let waiting: u64 = follower.missing.values().map(|(count, _)| count).sum();
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            metrics::gauge!(WAITING).set(waiting as f64);
            follower.work().await;
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
        let known = tokio::task::spawn_blocking(move || {
            sizes
                .into_iter()
                .map(|(tenant, size)| (tenant, size, index.inner().covered(tenant)))
                .collect::<Vec<_>>()
        });
        for (tenant, size, covered) in known.await.unwrap_or_default() {
            let missing = size.saturating_sub(covered);
            if missing > 0 {
                let known = self.missing.entry(tenant).or_insert((0, Instant::now()));
                known.0 = known.0.max(missing);
            }
        }
    }

    async fn work(&mut self) {
        let now = Instant::now();
        self.failing.retain(|_, until| *until > now);
        let mut due: Vec<TenantId> = Vec::new();
        for (tenant, (count, since)) in &self.missing {
            let asked = || self.index.inner().was_asked(*tenant, ASKED_LATELY_SECONDS);
            let age = now.duration_since(*since);
            if !self.failing.contains_key(tenant)
                && (*count >= FOLD_COUNT || age >= COMMIT_AGE || (age >= Duration::from_secs(1) && asked()))
            {
                due.push(*tenant);
            }
        }
        // Both look at all tenants that are open.
        if now.duration_since(self.looked_at) >= Duration::from_secs(1) {
            due.extend(self.index.inner().with_old_memory(COMMIT_AGE));
            self.index.inner().close_idle(OPEN_MAX, IDLE_SECONDS);
            self.looked_at = now;
        }
        due.sort_unstable();
        due.dedup();
        let mut workers = JoinSet::new();
        for tenant in due {
            let old = self
                .missing
                .remove(&tenant)
                .is_some_and(|(_, since)| now.duration_since(since) >= COMMIT_AGE);
            if workers.len() >= WORKERS {
                self.finished(workers.join_next().await);
            }
            let index = self.index.clone();
            workers.spawn(async move { (tenant, keep_up(&index, tenant, old).await) });
        }
        while let Some(done) = workers.join_next().await {
            self.finished(Some(done));
        }
    }

    fn finished(&mut self, done: Option<Result<KeptUp, JoinError>>) {
        if let Some(Ok((tenant, Err(error)))) = done {
            tracing::warn!(tenant.id = %tenant, %error, "the index does not follow the log; searches read the log instead");
            metrics::counter!("custody_index_failures_total").increment(1);
            self.missing.insert(tenant, (FOLD_COUNT, Instant::now()));
            self.failing.insert(tenant, Instant::now() + Duration::from_secs(10));
        }
    }
}

/// A tenant, and how it went.
type KeptUp = (TenantId, Result<(), IndexError>);

async fn keep_up(index: &Tantivy, tenant: TenantId, old: bool) -> Result<(), IndexError> {
    let shelf = index.inner().shelf(tenant).await?;
    // Of a part that is to be merged, where nobody may search for long.
    shelf.mending(|| follow_on(&shelf, old)).await
}

async fn follow_on(shelf: &Shelf, old: bool) -> Result<(), IndexError> {
    loop {
        let all = shelf.pull(2 * COMMIT_COUNT).await?;
        while shelf.fold().await? {}
        if old || shelf.view().volatile_count() >= COMMIT_COUNT || shelf.has_old_memory(COMMIT_AGE) {
            shelf.commit().await?;
        }
        while shelf.tidy().await? {}
        if all {
            return Ok(());
        }
    }
}
