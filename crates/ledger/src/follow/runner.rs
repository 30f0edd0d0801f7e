//! Runs one follower: looks what is behind, has it followed, and keeps a sick log from holding up the
//! others.

use std::{
    collections::HashSet,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use custody_domain::TenantId;
use custody_store::{Store, StoreError, followers};
use futures::FutureExt as _;
use tokio::{sync::watch, time};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Behind, Fence, FollowConfig, FollowError, Follower, Lease, TENANTS_MAX, lag::Lag, sick::Sick};

pub(super) struct Runner {
    pub(super) store: Store,
    pub(super) follower: Arc<dyn Follower>,
    pub(super) holder: Uuid,
    pub(super) config: FollowConfig,
    pub(super) held: watch::Receiver<Vec<Lease>>,
    pub(super) wake: watch::Receiver<u64>,
    pub(super) sick: Sick,
    pub(super) lag: Lag,
    /// The last tenant of a page that was full: the next begins after it.
    pub(super) turn: Option<TenantId>,
    pub(super) failing: bool,
}

/// What comes after a pass.
enum Next {
    /// There was something to follow, so there may be more by now.
    Again,
    /// Nothing until somebody appends.
    Wait,
}

impl Runner {
    /// Until `stop`; a pass that has begun is ended first.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let begun = Instant::now();
            self.wake.mark_unchanged();
            let next = self.pass().await;
            // No faster than it can look: with very many tenants looking is what costs.
            let pause = self.config.pass.max(begun.elapsed() / 2);
            let woken = async {
                time::sleep_until((begun + pause).into()).await;
                if matches!(next, Next::Wait) {
                    tokio::select! {
                        Ok(()) = self.wake.changed() => {}
                        Ok(()) = self.held.changed() => {}
                        () = time::sleep(self.config.poll) => {}
                    }
                }
            };
            tokio::select! {
                () = woken => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn pass(&mut self) -> Next {
        let result = self.try_pass().await;
        match &result {
            Ok(_) if self.failing => {
                self.failing = false;
                tracing::info!(follower = self.follower.name(), "follows again");
            }
            Err(FollowError::LeaseLost) => {
                metrics::counter!("custody_follower_leases_lost_total", "follower" => self.follower.name())
                    .increment(1);
                tracing::info!(follower = self.follower.name(), "a lease has passed to another process");
            }
            Err(error) if !self.failing => {
                self.failing = true;
                tracing::warn!(follower = self.follower.name(), %error, "does not follow");
            }
            Ok(_) | Err(_) => {}
        }
        result.unwrap_or(Next::Wait)
    }

    async fn try_pass(&mut self) -> Result<Next, FollowError> {
        let leases = self.held.borrow_and_update().clone();
        let page = self.behind(&leases).await?;
        self.turn = if page.is_all() { None } else { page.logs.last().map(|log| log.tenant) };
        self.lag.see(self.follower.name(), &page, Instant::now());
        let now = Instant::now();
        let due: Vec<_> = page.logs.into_iter().filter(|log| self.sick.is_due(log.tenant, now)).collect();
        if due.is_empty() {
            return Ok(Next::Wait);
        }
        let fence = self.fence(&leases, &due);
        match self.follow(&fence, &due).await {
            Ok(()) => self.recovered(&due),
            Err(error @ (FollowError::Unavailable(_) | FollowError::LeaseLost)) => return Err(error),
            Err(FollowError::Tenant { tenant, reason, source }) => {
                if let Some(log) = due.iter().find(|log| log.tenant == tenant) {
                    self.failed(&fence, log, &reason, source.as_ref()).await?;
                }
            }
            Err(error @ FollowError::Other(_)) => self.one_by_one(&leases, &due, &error).await?,
        }
        Ok(Next::Again)
    }

    /// Of the leases only those that these logs need: each is a row that is locked and written.
    fn fence(&self, leases: &[Lease], logs: &[Behind]) -> Fence {
        let needed = |lease: &&Lease| logs.iter().any(|log| followers::group(log.tenant) == lease.group);
        let leases = leases.iter().filter(needed).copied().collect();
        Fence::new(self.store.clone(), self.follower.name(), self.holder, leases)
    }

    async fn behind(&mut self, leases: &[Lease]) -> Result<followers::Page, StoreError> {
        self.sick.retain(|tenant| leases.iter().any(|lease| lease.group == followers::group(tenant)));
        if leases.is_empty() {
            return Ok(followers::Page::default());
        }
        let mut tx = self.store.system_tx().await?;
        let page = followers::behind(&mut tx, self.follower.name(), leases, self.turn, TENANTS_MAX).await?;
        tx.commit().await?;
        Ok(page)
    }

    /// A panic is a defect of the follower, and no reason to end.
    async fn follow(&self, fence: &Fence, logs: &[Behind]) -> Result<(), FollowError> {
        let call = AssertUnwindSafe(self.follower.follow(fence, logs)).catch_unwind();
        call.await.unwrap_or_else(|_| Err(FollowError::Other("the follower has panicked".into())))
    }

    /// Nobody knows whose error it was: each is tried alone, and who fails alone is sick.
    async fn one_by_one(
        &mut self,
        leases: &[Lease],
        logs: &[Behind],
        error: &FollowError,
    ) -> Result<(), FollowError> {
        tracing::warn!(follower = self.follower.name(), %error, tenant.count = logs.len(), "tries tenants alone");
        // What a transaction of the failed call committed is behind no more.
        let tried: HashSet<_> = logs.iter().map(|log| log.tenant).collect();
        let page = self.behind(leases).await?;
        for log in page.logs.iter().filter(|log| tried.contains(&log.tenant)) {
            let (log_alone, fence) =
                (std::slice::from_ref(log), self.fence(leases, std::slice::from_ref(log)));
            match self.follow(&fence, log_alone).await {
                Ok(()) => self.recovered(log_alone),
                Err(error @ (FollowError::Unavailable(_) | FollowError::LeaseLost)) => return Err(error),
                Err(FollowError::Tenant { reason, source, .. }) => {
                    self.failed(&fence, log, &reason, source.as_ref()).await?;
                }
                Err(FollowError::Other(source)) => {
                    self.failed(
                        &fence,
                        log,
                        "an internal error; the server's log says more",
                        source.as_ref(),
                    )
                    .await?;
                }
            }
        }
        Ok(())
    }

    fn recovered(&mut self, logs: &[Behind]) {
        for log in logs {
            if self.sick.recover(log.tenant) {
                tracing::info!(follower = self.follower.name(), tenant.id = %log.tenant, "follows the log again");
            }
        }
        self.count_sick();
    }

    async fn failed(
        &mut self,
        fence: &Fence,
        log: &Behind,
        reason: &str,
        source: &(dyn std::error::Error + Send + Sync),
    ) -> Result<(), FollowError> {
        let bounds: (Duration, Duration) = (self.config.sick_min, self.config.sick_max);
        if self.sick.fail(log.tenant, Instant::now(), bounds) {
            tracing::error!(
                follower = self.follower.name(), tenant.id = %log.tenant, entry.seq = log.from,
                %reason, error = %source, "the log of a tenant cannot be followed"
            );
        }
        self.count_sick();
        let mut tx = fence.begin().await?;
        followers::fail(&mut tx, log, reason).await?;
        Ok(tx.commit().await?)
    }

    fn count_sick(&self) {
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        metrics::gauge!("custody_follower_tenants_failing", "follower" => self.follower.name())
            .set(self.sick.count() as f64);
    }
}
