//! `sweep`: what is good for nothing any more goes.

use std::time::Duration;

use custody_objects::Objects;
use custody_queue::{Done, Job, JobError, OpContext};
use custody_store::{Store, expired, jobs, schedules};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Jobs that have ended are shown for so long, dead letters three times that.
const JOBS_KEPT: Duration = Duration::from_hours(7 * 24);

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Sweep {}

impl Job for Sweep {
    const KIND: &'static str = "sweep";
    type Services = (Store, Objects);

    async fn run(&self, context: &OpContext<Self::Services>) -> Result<Done, JobError> {
        let (store, objects) = context.services();
        let expired = expired::sweep(store, chrono::Utc::now()).await?;
        let jobs::Swept { jobs, results } = jobs::sweep(store, JOBS_KEPT).await?;
        let firings = schedules::sweep(store).await?;
        // Last: another place, which may be away, and the rest is done.
        let unfinished = objects.sweep_unfinished().await.map_err(|error| {
            tracing::warn!(%error, "unfinished objects could not be swept out");
            JobError::again("the object store was not swept")
        })?;
        Done::with(&json!({"expired": expired, "jobs": jobs, "results": results, "firings": firings,
            "unfinished_objects": unfinished}))
    }
}
