//! `GET /api/v1/quarantine/{id}/content`

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use custody_auth::op;
use custody_domain::QuarantineId;
use custody_ingest::quarantine::Content;
use http::{HeaderValue, header};

use crate::{App, Permit, extract::Id, problem::Problem};

/// Read a quarantined item
///
/// What the item says, without what the tenant's mask policy takes: its entry will not have it
/// either. As JSON, members and numbers as sent; as text, where it is no JSON, masked by names and
/// looks alone. Leaves an entry in the log before it answers.
#[utoipa::path(
    get, path = "/api/v1/quarantine/{id}/content", operation_id = "getQuarantinedContent", tag = "quarantine",
    params(("id" = uuid::Uuid, Path, description = "The `quarantine_id` that was answered.")),
    responses((status = 200, description = "The item, masked.", content(
        (serde_json::Value = "application/json"),
        (String = "text/plain"),
    )))
)]
pub(crate) async fn get_quarantined_content(
    permit: Permit<op::GetQuarantinedContent>,
    State(app): State<App>,
    Id(id): Id<QuarantineId>,
) -> Result<Response, Problem> {
    let content = app.ingest.quarantined_content(&permit, id).await?.ok_or_else(Problem::not_found)?;
    let (kind, body) = match content {
        Content::Json(bytes) => ("application/json", bytes),
        Content::Text(text) => ("text/plain; charset=utf-8", text.into_bytes()),
    };
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response())
}
