//! `POST /api/v1/jobs/{id}/retry`

use axum::{Json, extract::State};
use custody_auth::op;
use custody_store::jobs::{self, Retried};
use uuid::Uuid;

use super::shapes::{JobBody, in_words};
use crate::{
    App, Permit,
    extract::Id,
    problem::{Kind, Problem, ProblemBody},
};

/// Retry a job
///
/// One that failed for good, or was cancelled, waits again: the same job, with all its attempts.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/retry", operation_id = "retryJob", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job.")),
    responses(
        (status = 200, description = "It waits again. As it is now.", body = JobBody),
        (status = 409, description = "It has not ended, or has completed, or ended too long ago, or an unfinished job has its unique key.",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn retry_job(
    permit: Permit<op::RetryJob>,
    State(app): State<App>,
    Id(id): Id<Uuid>,
) -> Result<Json<JobBody>, Problem> {
    let why = match jobs::retry(&app.store, &permit, id).await? {
        Retried::Waits(job) => return Ok(Json(job.try_into()?)),
        Retried::Refused(job) => in_words(job.status),
        Retried::Taken => "an unfinished job has its unique key",
        Retried::Swept => "it ended so long ago that what it left is being removed",
    };
    Err(Problem::new(Kind::Conflict, format!("The job cannot be retried: {why}.")))
}
