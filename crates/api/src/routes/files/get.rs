//! `GET /api/v1/files/{token}`

use axum::{
    extract::{Path, State},
    response::Response,
};
use custody_auth::op;
use custody_objects::layout;
use http::HeaderMap;

use crate::{
    App,
    download::download,
    permit::Open,
    problem::{Problem, ProblemBody},
};

/// Download a file by its address
///
/// An address that `POST /api/v1/jobs/{id}/files/{name}/url` answered, until it ends. Ranges as of the
/// file itself.
#[utoipa::path(
    get, path = "/api/v1/files/{token}", operation_id = "getFile", tag = "jobs",
    params(
        ("token" = String, Path, description = "As it was answered."),
        ("Range" = Option<String>, Header, description = "`bytes=0-99`, `bytes=100-`, `bytes=-100`."),
        ("If-Range" = Option<String>, Header, description = "An `ETag`: the range counts for that version alone."),
    ),
    responses(
        (status = 200, description = "The file.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The range of it.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 416, description = "The range lies beyond its end; `Content-Range` says how long it is.",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_file(
    _: Open<op::GetFile>,
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let linked = app.file_links.open(&token, app.now()).ok_or_else(Problem::not_found)?;
    let key = layout::job_file(&linked.scope, linked.job, &linked.name).map_err(|_| Problem::not_found())?;
    download(&app, &linked.scope, &key, &headers).await
}
