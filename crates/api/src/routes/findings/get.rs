//! `GET /api/v1/findings/{id}`

use axum::{Json, extract::State};
use custody_auth::op;
use custody_domain::FindingId;

use super::detail::DetailBody;
use crate::{App, Permit, extract::Id, problem::Problem};

/// Get a finding
///
/// With its texts, what it is measured against, the calls that failed beneath it, and the whole of it.
#[utoipa::path(
    get, path = "/api/v1/findings/{id}", operation_id = "getFinding", tag = "findings",
    params(("id" = uuid::Uuid, Path, description = "The finding.")),
    responses((status = 200, description = "As it is now.", body = DetailBody))
)]
pub(crate) async fn get_finding(
    permit: Permit<op::GetFinding>,
    State(app): State<App>,
    Id(id): Id<FindingId>,
) -> Result<Json<DetailBody>, Problem> {
    Ok(Json(DetailBody::now(&app, &permit, id).await?))
}
