//! `POST /api/v1/logs/export`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_export::{ExportLogs, trail};
use custody_queue::{EnqueueError, Options, enqueue};
use custody_store::jobs;
use http::{StatusCode, header};
use uuid::Uuid;

use super::{parameters::ExportParameters, requested};
use crate::{
    App, Permit,
    extract::Parameters,
    middleware::header_value,
    problem::Problem,
    routes::{jobs::shapes::JobBody, logs::filters::FilterParameters},
};

/// Export entries into a file
///
/// As `GET`, with the same parameters, by a job: for what is too large to be sent in one go. Its `progress`
/// tells how far the log was read; what it leaves are the file and its manifest
/// (`/api/v1/jobs/{id}/files`), which can be fetched in ranges, for as long as the job is shown. There is
/// no body.
#[utoipa::path(
    post, path = "/api/v1/logs/export", operation_id = "createExport", tag = "entries",
    params(ExportParameters, FilterParameters),
    responses((status = 202, description = "The job.", body = JobBody,
        headers(("Location" = String, description = "Where it is shown."))))
)]
pub(crate) async fn create_export(
    permit: Permit<op::CreateExport>,
    State(app): State<App>,
    Parameters(parameters): Parameters<ExportParameters>,
    Parameters(filters): Parameters<FilterParameters>,
) -> Result<Response, Problem> {
    let mut request = requested(&app, &permit, (&parameters, &filters), Uuid::nil()).await?;
    let mut tx = app.store.tenant_tx(&permit).await?;
    let asked = enqueue(&mut tx, &permit, &ExportLogs::of(&request), Options::default()).await;
    request.id = asked.map_err(refused)?.id();
    trail::begun(&mut tx, &request).await?;
    let job = jobs::get(&mut tx, request.id).await?;
    tx.commit().await?;
    let location = header_value(&format!("/api/v1/jobs/{}", request.id));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(JobBody::try_from(job)?)).into_response())
}

fn refused(error: EnqueueError) -> Problem {
    match error {
        EnqueueError::Store(error) => error.into(),
        other => Problem::internal(other),
    }
}
