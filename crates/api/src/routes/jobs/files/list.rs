//! `GET /api/v1/jobs/{id}/files`

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use custody_auth::op;
use custody_objects::{Listed, layout};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::is_there;
use crate::{
    App, Permit,
    extract::{Id, Parameters},
    page::{Page, PageParameters},
    problem::Problem,
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobFile)]
pub(crate) struct FileBody {
    #[schema(example = "logs-2026-01.csv")]
    name: String,
    size_bytes: u64,
    modified_at: DateTime<Utc>,
}

impl From<Listed> for FileBody {
    fn from(listed: Listed) -> Self {
        Self { name: listed.key.name().to_owned(), size_bytes: listed.bytes, modified_at: listed.modified }
    }
}

/// List a job's files
///
/// What it has left, by name.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/files", operation_id = "listJobFiles", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job."), PageParameters),
    responses((status = 200, description = "A page of files.", body = Page<FileBody>))
)]
pub(crate) async fn list_job_files(
    permit: Permit<op::ListJobFiles>,
    State(app): State<App>,
    Id(id): Id<Uuid>,
    uri: Uri,
    Parameters(parameters): Parameters<PageParameters>,
) -> Result<Response, Problem> {
    let (limit, after) = parameters.bounds_by(|name| {
        let name = std::str::from_utf8(name).ok()?;
        layout::job_file(&permit, id, name).ok()
    })?;
    is_there(&app, &permit, id).await?;
    let page = app.objects.list(&layout::job_files(&permit, id), after.as_ref(), usize::from(limit)).await?;
    let files = page.objects.into_iter().map(FileBody::from).collect();
    Ok(Page::until(files, page.more, |file: &FileBody| file.name.clone()).answer(&uri))
}
