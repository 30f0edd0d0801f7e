//! What a handler has: its tenant's scope, the services of its kind, and the way to write its tenant's rows.

use custody_auth::Scope;
use custody_store::{
    Store, TenantTx,
    jobs::{self, Claim, Fenced},
};
use serde::Serialize;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    JobError,
    signal::{Signal, Why},
};

/// One attempt at one job.
#[derive(Debug)]
pub struct OpContext<S> {
    pub(crate) scope: Scope,
    pub(crate) services: S,
    pub(crate) store: Store,
    pub(crate) claim: Claim,
    pub(crate) created_by: String,
    pub(crate) signal: Signal,
    pub(crate) progress: watch::Sender<Option<String>>,
}

/// More is no progress but a result.
const PROGRESS_BYTES_MAX: usize = 16 * 1024;

impl<S> OpContext<S> {
    /// Of the job's tenant; it reaches no other.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    pub fn services(&self) -> &S {
        &self.services
    }

    /// The same in all attempts: what an attempt leaves outside the database goes by it, so that the
    /// next one finds or overwrites it.
    pub fn job_id(&self) -> Uuid {
        self.claim.job.id
    }

    /// From 1.
    pub fn attempt(&self) -> u16 {
        self.claim.attempt
    }

    /// Rises with each attempt, also with those that do not count.
    pub fn fencing_token(&self) -> i64 {
        self.claim.token
    }

    /// The principal that asked for it.
    pub fn created_by(&self) -> &str {
        &self.created_by
    }

    /// Begins a transaction in which the job stays this worker's own until it ends: one that slept past its
    /// lease is refused here. What a handler has beside this is its services; what it does by them (files;
    /// the whole installation's upkeep) nobody refuses, and must do no harm when it is done twice, or late.
    pub async fn begin(&self) -> Result<TenantTx, JobError> {
        match jobs::begin(&self.store, &self.scope, &self.claim).await? {
            Fenced::Begun(tx) => Ok(tx),
            Fenced::Lost => Err(JobError::Lost),
        }
    }

    /// Tells how far it is. Written twice a second at most; the last word always is.
    pub fn progress(&self, progress: &impl Serialize) {
        match serde_json::to_string(progress) {
            Ok(json) if json.len() <= PROGRESS_BYTES_MAX => {
                self.progress.send_replace(Some(json));
            }
            Ok(json) => {
                tracing::error!(job.kind = self.claim.kind, bytes = json.len(), "progress is too long");
            }
            Err(error) => tracing::error!(job.kind = self.claim.kind, %error, "progress is no JSON"),
        }
    }

    /// Ends when the handler should: somebody cancelled the job, another worker has it, or this one
    /// stops. Answers with what to return.
    pub async fn should_end(&self) -> JobError {
        self.signal.given().await;
        self.reason()
    }

    /// For loops: an error when the handler should end.
    pub fn check(&self) -> Result<(), JobError> {
        if self.signal.why().is_some() { Err(self.reason()) } else { Ok(()) }
    }

    fn reason(&self) -> JobError {
        match self.signal.why() {
            Some(Why::Cancelled) => JobError::Cancelled,
            Some(Why::Lost) => JobError::Lost,
            Some(Why::Overdue) => JobError::again("it took too long"),
            Some(Why::Stopping) | None => JobError::Stopped,
        }
    }
}
