//! `POST /api/v1/jobs/{id}/files/{name}/url`

use std::time::Duration;

use axum::{Json, extract::State};
use chrono::{DateTime, TimeDelta, Utc};
use custody_auth::op;
use custody_store::jobs;
use serde::Serialize;
use utoipa::ToSchema;

use super::JobFile;
use crate::{App, Permit, problem::Problem};

/// Long enough to hand it to a browser, or to another machine.
const LIFETIME: Duration = Duration::from_mins(5);

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileLink)]
pub(crate) struct LinkBody {
    /// Of the store itself (S3); or, beginning with a slash, of this server.
    #[schema(example = "/api/v1/files/AZ2x…")]
    url: String,
    expires_at: DateTime<Utc>,
}

/// Get an address of a job's file
///
/// For five minutes anybody who has it can download the file, without a credential. The log says who
/// asked for it.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/files/{name}/url", operation_id = "linkJobFile", tag = "jobs",
    params(
        ("id" = uuid::Uuid, Path, description = "The job."),
        ("name" = String, Path, description = "The file, as the list names it."),
    ),
    responses((status = 200, description = "An address.", body = LinkBody))
)]
pub(crate) async fn link_job_file(
    permit: Permit<op::LinkJobFile>,
    State(app): State<App>,
    file: JobFile,
) -> Result<Json<LinkBody>, Problem> {
    let key = file.key(&app, &permit).await?;
    app.objects.head(&key).await?;
    let expires_at = app.now() + TimeDelta::from_std(LIFETIME).unwrap_or_default();
    let url = match app.objects.signed_url(&key, LIFETIME, key.name()).await? {
        Some(url) => url.to_string(),
        None => format!("/api/v1/files/{}", app.file_links.seal(&permit, file.job, &file.name, expires_at)),
    };
    jobs::file_linked(&app.store, &permit, file.job, &file.name, expires_at).await?;
    Ok(Json(LinkBody { url, expires_at }))
}
