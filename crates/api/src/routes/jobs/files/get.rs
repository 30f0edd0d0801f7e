//! `GET /api/v1/jobs/{id}/files/{name}`

use axum::{extract::State, response::Response};
use custody_auth::op;
use http::HeaderMap;

use super::JobFile;
use crate::{
    App, Permit,
    download::download,
    problem::{Problem, ProblemBody},
};

/// Download a job's file
///
/// As it lies there, or one `Range` of its bytes, for who goes on after a broken connection: with
/// `If-Range` and the `ETag` of the first answer, all of it is sent again where it is another version
/// by now. Several ranges at once are answered with all of it.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/files/{name}", operation_id = "getJobFile", tag = "jobs",
    params(
        ("id" = uuid::Uuid, Path, description = "The job."),
        ("name" = String, Path, description = "The file, as the list names it."),
        ("Range" = Option<String>, Header, description = "`bytes=0-99`, `bytes=100-`, `bytes=-100`."),
        ("If-Range" = Option<String>, Header, description = "An `ETag`: the range counts for that version alone."),
    ),
    responses(
        (status = 200, description = "The file.", body = Vec<u8>, content_type = "application/octet-stream",
            headers(("ETag" = String, description = "Of this version."), ("Content-Disposition" = String, description = "`attachment`, with its name."))),
        (status = 206, description = "The range of it.", body = Vec<u8>, content_type = "application/octet-stream",
            headers(("Content-Range" = String, description = "Which bytes, and of how many."))),
        (status = 416, description = "The range lies beyond its end; `Content-Range` says how long it is.",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_job_file(
    permit: Permit<op::GetJobFile>,
    State(app): State<App>,
    file: JobFile,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let key = file.key(&app, &permit).await?;
    download(&app, &permit, &key, &headers).await
}
