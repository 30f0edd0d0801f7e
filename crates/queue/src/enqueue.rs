//! Asking for a job.

use std::time::Duration;

use custody_auth::Scope;
use custody_domain::TenantId;
use custody_store::{
    StoreError, SystemTx, TenantTx,
    jobs::{self, EnqueueError, Enqueued, IfTaken, NewJob},
};

use crate::Job;

/// How a job is to be run, beside what its kind says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Not before so long from now.
    pub delay: Duration,
    /// Among the tenant's own of the kind, -100 to 100; higher first.
    pub priority: i16,
    /// Of these only one is unfinished at a time, within the tenant and kind.
    pub unique: Option<(String, IfTaken)>,
}

/// In the transaction of what asks for it: the job is there once that has committed, and workers hear of
/// it then. The scope's principal is who asked.
pub async fn enqueue<J: Job>(
    tx: &mut TenantTx,
    scope: &Scope,
    job: &J,
    options: Options,
) -> Result<Enqueued, EnqueueError> {
    jobs::enqueue(tx, scope, &new(job, options)?).await
}

/// As [`enqueue`], for a schedule.
pub async fn enqueue_for_system<J: Job>(
    tx: &mut SystemTx,
    tenant: TenantId,
    by: &str,
    job: &J,
    options: Options,
) -> Result<Enqueued, EnqueueError> {
    jobs::enqueue_for_system(tx, tenant, by, &new(job, options)?).await
}

fn new<J: Job>(job: &J, options: Options) -> Result<NewJob, EnqueueError> {
    let payload = serde_json::to_string(job).map_err(|error| StoreError::Unexpected(Box::new(error)))?;
    Ok(NewJob {
        kind: J::KIND.into(),
        version: J::VERSION,
        payload,
        delay: options.delay,
        priority: options.priority,
        attempts_max: J::LIMITS.attempts_max,
        unique: options.unique,
    })
}
