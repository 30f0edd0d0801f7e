//! `sweep`: what is good for nothing any more goes.

use std::time::Duration;

use custody_auth::SystemAuthority;
use custody_objects::{Objects, ObjectsError, Prefix, layout};
use custody_queue::{Done, Job, JobError, OpContext};
use custody_store::{
    Store, expired,
    jobs::{self, JobId},
    schedules,
};
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
    /// The kinds that are known to leave no files; of all others it is looked for.
    pub(super) leave_no_files: Vec<&'static str>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Sweep {}

impl Job for Sweep {
    const KIND: &'static str = "sweep";
    type Services = Services;

    async fn run(&self, context: &OpContext<Services>) -> Result<Done, JobError> {
        let Services { store, objects, leave_no_files, .. } = context.services();
        let expired = expired::sweep(store, chrono::Utc::now()).await?;
        let jobs::Swept { jobs, results } = jobs::sweep(store, JOBS_KEPT, leave_no_files).await?;
        let firings = schedules::sweep(store).await?;
        // Last: another place, which may be away, and the rest is done.
        let with_files = with_files(context).await?;
        let unfinished = objects.sweep_unfinished().await.map_err(not_swept)?;
        Done::with(&json!({"expired": expired, "jobs": jobs + with_files.removed, "results": results,
            "firings": firings, "unfinished_objects": unfinished, "jobs_left": with_files.left}))
    }
}

/// What became of jobs that may have files.
#[derive(Default)]
struct WithFiles {
    removed: u64,
    /// Those of which something must stay, or may not be touched.
    left: u64,
}

/// Files go before their job's row: what breaks off in between is found again.
async fn with_files(context: &OpContext<Services>) -> Result<WithFiles, JobError> {
    let Services { store, objects, authority, leave_no_files } = context.services();
    let (mut swept, mut after) = (WithFiles::default(), None);
    loop {
        context.check()?;
        let old = jobs::set_aside(store, JOBS_KEPT, leave_no_files, after, BATCH).await?;
        after = old.last().copied();
        if after.is_none() {
            break;
        }
        let mut bare: Vec<JobId> = Vec::with_capacity(old.len());
        for job in old.into_iter().map(|old| old.job) {
            let scope = authority.scope(job.tenant, Sweep::KIND);
            match remove_all(objects, &layout::job_files(&scope, job.id)).await {
                Ok(()) => bare.push(job),
                Err(error @ ObjectsError::Unavailable { .. }) => return Err(not_swept(error)),
                Err(error) => {
                    swept.left += 1;
                    tracing::debug!(job.id = %job.id, tenant.id = %job.tenant, %error, "a job's files stay");
                }
            }
        }
        swept.removed += jobs::remove(store, &bare).await?;
    }
    if swept.left > 0 {
        tracing::warn!(
            jobs = swept.left,
            "files of old jobs could not be removed; the next sweep tries again"
        );
    }
    Ok(swept)
}

/// All that can be. The error is the last one's, or that of a store that is away, which ends it.
async fn remove_all(objects: &Objects, prefix: &Prefix) -> Result<(), ObjectsError> {
    let (mut after, mut stays) = (None, None);
    loop {
        let page = objects.list(prefix, after.as_ref(), PAGE).await?;
        for listed in &page.objects {
            match objects.delete(&listed.key).await {
                Ok(()) | Err(ObjectsError::NotFound) => {}
                Err(error @ ObjectsError::Unavailable { .. }) => return Err(error),
                Err(error) => stays = Some(error),
            }
        }
        after = page.objects.last().map(|listed| listed.key.clone());
        if !page.more || after.is_none() {
            return stays.map_or(Ok(()), Err);
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn not_swept(error: ObjectsError) -> JobError {
    tracing::warn!(%error, "the object store could not be swept");
    JobError::again("the object store was not swept")
}
