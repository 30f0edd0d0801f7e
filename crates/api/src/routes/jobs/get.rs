//! `GET /api/v1/jobs/{id}`

use axum::{Json, extract::State};
use custody_auth::{Scope, op};
use custody_store::jobs;
use uuid::Uuid;

use super::shapes::JobBody;
use crate::{App, Permit, extract::Id, problem::Problem};

/// Get a job
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}", operation_id = "getJob", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job.")),
    responses((status = 200, description = "As it is now.", body = JobBody))
)]
pub(crate) async fn get_job(
    permit: Permit<op::GetJob>,
    State(app): State<App>,
    Id(id): Id<Uuid>,
) -> Result<Json<JobBody>, Problem> {
    Ok(Json(now(&app, &permit, id).await?))
}

/// As it is now.
pub(crate) async fn now(app: &App, scope: &Scope, id: Uuid) -> Result<JobBody, Problem> {
    let mut tx = app.store.tenant_tx(scope).await?;
    let job = jobs::get(&mut tx, id).await?;
    tx.commit().await?;
    job.try_into()
}
