//! Whether jobs are run, and soon enough.

use std::time::Duration;

use async_trait::async_trait;
use custody_api::Check;
use custody_queue::Kinds;
use custody_store::{
    Store, StoreError,
    jobs::{self, Overdue},
};
use serde_json::{Value, json};
use tokio::time::Instant;

/// A worker says that it is there soon after its start; where another process is the worker, the two
/// may be started in any order.
const FIRST_BEAT_TIME_MAX: Duration = Duration::from_secs(15);

pub(super) struct Queue {
    store: Store,
    kinds: Kinds,
    started: Instant,
}

impl Queue {
    pub(super) fn new(store: Store, kinds: &Kinds) -> Self {
        Self { store, kinds: kinds.clone(), started: Instant::now() }
    }

    async fn look(&self) -> Result<(u64, Vec<jobs::Depth>, Vec<Overdue>), StoreError> {
        let workers = jobs::workers(&self.store).await?;
        let depths = jobs::depths(&self.store).await?;
        let patience = self.kinds.patience(depths.iter().map(|depth| depth.kind.as_str()));
        Ok((workers, depths, jobs::overdue(&self.store, &patience).await?))
    }
}

#[async_trait]
impl Check for Queue {
    fn name(&self) -> &'static str {
        "queue"
    }

    async fn check(&self) -> Result<Value, String> {
        let looked = self.look().await;
        let (workers, depths, overdue) = looked.map_err(|_| "could not be read".to_owned())?;
        if workers == 0 && self.started.elapsed() > FIRST_BEAT_TIME_MAX {
            return Err("no worker is alive".to_owned());
        }
        if let Some(oldest) = overdue.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds)) {
            let Overdue { kind, seconds, has_worker } = oldest;
            let why = if *has_worker { "" } else { "; no worker for that kind is alive" };
            return Err(format!("a job of kind {kind} waits for {seconds:.0} s{why}"));
        }
        let waiting: u64 = depths.iter().map(|depth| depth.waiting).sum();
        let oldest = depths.iter().map(|depth| depth.oldest_seconds).fold(0.0, f64::max);
        Ok(json!({"workers": workers, "waiting": waiting, "oldest_seconds": oldest.round()}))
    }
}
