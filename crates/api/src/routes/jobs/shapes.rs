//! A job as it is shown: the same by polling, in lists, and on its stream.

use chrono::{DateTime, Utc};
use custody_store::jobs::{Job, Status};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Problem;

/// `version` rises whenever any of the others changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job, example = json!({
    "id": "01932f5e-7b1c-7c2a-9d5e-0a2b3c4d5e6f", "kind": "export.logs", "status": "in_progress",
    "priority": 0, "unique_key": null, "blocked": false, "attempts": 2, "attempts_max": 5,
    "progress": {"done": 1200, "total": 5000}, "result": null, "result_expires_at": null,
    "failure": {"reason": "the database was not available", "at": "2026-01-31T08:30:12.5Z"},
    "cancel_requested_at": null, "created_at": "2026-01-31T08:30:00Z",
    "created_by": "user:01932f5e-0000-7000-8000-000000000001", "run_at": "2026-01-31T08:30:00Z",
    "started_at": "2026-01-31T08:30:00.02Z", "ended_at": null, "version": 6,
}))]
pub(crate) struct JobBody {
    pub(crate) id: Uuid,
    /// What it does.
    kind: String,
    #[schema(value_type = StatusName)]
    status: &'static str,
    /// Among the tenant's own of the kind; higher runs first.
    priority: i16,
    /// Of the jobs with the same key only one is unfinished at a time.
    unique_key: Option<String>,
    /// Whether it waits for another one of the same key.
    blocked: bool,
    /// That have begun; the one that runs is among them.
    attempts: u16,
    attempts_max: u16,
    /// How far it is, in the kind's own words.
    #[schema(value_type = Option<Object>)]
    progress: Option<Box<RawValue>>,
    /// What it answered, until that expires.
    #[schema(value_type = Option<Object>)]
    result: Option<Box<RawValue>>,
    result_expires_at: Option<DateTime<Utc>>,
    /// Why the last attempt that failed did.
    failure: Option<Failure>,
    /// Somebody asked for its end; its handler is told.
    cancel_requested_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    /// Who asked for it, as an entry's `recorded_by.principal`.
    created_by: String,
    /// It runs at that time or later.
    run_at: DateTime<Utc>,
    /// Its first attempt.
    started_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    #[schema(minimum = 1)]
    pub(crate) version: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobFailure)]
pub(crate) struct Failure {
    reason: String,
    at: DateTime<Utc>,
}

/// What it says of a job.
#[derive(ToSchema)]
#[schema(as = JobStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema alone")]
pub(crate) enum StatusName {
    /// Waits: for a worker, for its time, or for another of its key.
    Pending,
    InProgress,
    Completed,
    /// For good; it may be retried.
    Failed,
    Cancelled,
}

impl TryFrom<Job> for JobBody {
    type Error = Problem;

    fn try_from(job: Job) -> Result<Self, Problem> {
        let raw =
            |json: Option<String>| json.map(RawValue::from_string).transpose().map_err(Problem::internal);
        Ok(Self {
            id: job.id,
            kind: job.kind,
            status: job.status.as_str(),
            priority: job.priority,
            unique_key: job.unique_key,
            blocked: job.blocked,
            attempts: job.attempts,
            attempts_max: job.attempts_max,
            progress: raw(job.progress)?,
            result: raw(job.result)?,
            result_expires_at: job.result_expires_at,
            failure: job.failure.zip(job.failed_at).map(|(reason, at)| Failure { reason, at }),
            cancel_requested_at: job.cancel_requested_at,
            created_at: job.created_at,
            created_by: job.created_by,
            run_at: job.run_at,
            started_at: job.started_at,
            ended_at: job.ended_at,
            version: job.version,
        })
    }
}

/// Why something cannot be done with a job that is in this state.
pub(crate) fn in_words(status: Status) -> &'static str {
    match status {
        Status::Pending => "it waits to be run",
        Status::InProgress => "it runs",
        Status::Completed => "it has completed",
        Status::Failed => "it has failed",
        Status::Cancelled => "it was cancelled",
    }
}
