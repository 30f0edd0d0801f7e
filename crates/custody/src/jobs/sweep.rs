//! `sweep`: what is good for nothing any more goes.

use std::time::Duration;

use custody_auth::SystemAuthority;
use custody_objects::{Objects, ObjectsError, Prefix, layout};
use custody_queue::{Done, Job, JobError, OpContext};
use custody_store::{Store, expired, jobs, schedules};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Jobs that have ended are shown for so long, dead letters three times that.
const JOBS_KEPT: Duration = Duration::from_hours(7 * 24);
/// Jobs whose files are removed before their rows are.
const BATCH: u32 = 100;
const PAGE: usize = 1000;

#[derive(Clone)]
pub(super) struct Services {
    pub(super) store: Store,
    pub(super) objects: Objects,
    /// To name the files of any tenant's jobs.
    pub(super) authority: SystemAuthority,
    /// The kinds that leave files.
    pub(super) leave_files: Vec<&'static str>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Sweep {}

impl Job for Sweep {
    const KIND: &'static str = "sweep";
    type Services = Services;

    async fn run(&self, context: &OpContext<Services>) -> Result<Done, JobError> {
        let Services { store, objects, leave_files, .. } = context.services();
        let expired = expired::sweep(store, chrono::Utc::now()).await?;
        let jobs::Swept { jobs, results } = jobs::sweep(store, JOBS_KEPT, leave_files).await?;
        let firings = schedules::sweep(store).await?;
        // Last: another place, which may be away, and the rest is done.
        let with_files = with_files(context).await?;
        let unfinished = objects.sweep_unfinished().await.map_err(not_swept)?;
        Done::with(&json!({"expired": expired, "jobs": jobs + with_files, "results": results,
            "firings": firings, "unfinished_objects": unfinished}))
    }
}

/// Files go before their job's row: what breaks off in between is found again.
async fn with_files(context: &OpContext<Services>) -> Result<u64, JobError> {
    let Services { store, objects, authority, leave_files } = context.services();
    let mut removed = 0;
    loop {
        context.check()?;
        let old = jobs::old(store, JOBS_KEPT, leave_files, BATCH).await?;
        if old.is_empty() {
            return Ok(removed);
        }
        for job in &old {
            let scope = authority.scope(job.tenant, Sweep::KIND);
            remove_all(objects, &layout::job_files(&scope, job.id)).await.map_err(not_swept)?;
        }
        removed += jobs::remove(store, &old).await?;
    }
}

async fn remove_all(objects: &Objects, prefix: &Prefix) -> Result<(), ObjectsError> {
    loop {
        let page = objects.list(prefix, None, PAGE).await?;
        for listed in &page.objects {
            objects.delete(&listed.key).await?;
        }
        if !page.more {
            return Ok(());
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn not_swept(error: ObjectsError) -> JobError {
    tracing::warn!(%error, "the object store could not be swept");
    JobError::again("the object store was not swept")
}
