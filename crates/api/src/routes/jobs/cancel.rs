//! `POST /api/v1/jobs/{id}/cancel`

use axum::{Json, extract::State};
use custody_auth::op;
use custody_store::jobs::{self, Cancelled};
use uuid::Uuid;

use super::shapes::{JobBody, in_words};
use crate::{
    App, Permit,
    extract::Id,
    problem::{Kind, Problem, ProblemBody},
};

/// Cancel a job
///
/// One that waits is cancelled at once. One that runs is told: `cancel_requested_at` is set, and it is
/// `cancelled` as soon as its handler has stopped, which has ten seconds for it. One that ends before
/// it hears of that ends as it would have. Cancelling twice is no error.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/cancel", operation_id = "cancelJob", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job.")),
    responses(
        (status = 200, description = "It is cancelled, or will be. As it is now.", body = JobBody),
        (status = 409, description = "It has ended otherwise.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn cancel_job(
    permit: Permit<op::CancelJob>,
    State(app): State<App>,
    Id(id): Id<Uuid>,
) -> Result<Json<JobBody>, Problem> {
    match jobs::cancel(&app.store, &permit, id).await? {
        Cancelled::Asked(job) => Ok(Json(job.try_into()?)),
        Cancelled::Ended(job) => {
            let detail = format!("The job cannot be cancelled: {}.", in_words(job.status));
            Err(Problem::new(Kind::Conflict, detail))
        }
    }
}
