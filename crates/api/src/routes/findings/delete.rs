//! `DELETE /api/v1/findings/{id}`

use axum::extract::State;
use custody_auth::op;
use custody_domain::FindingId;
use custody_scans::findings;
use http::StatusCode;

use crate::{App, Permit, extract::Id, problem::Problem};

/// Delete a finding
///
/// Where it was the latest of its kind, that of the scan before is it again. What people said of it stays
/// for other scans that find the same.
#[utoipa::path(
    delete, path = "/api/v1/findings/{id}", operation_id = "deleteFinding", tag = "findings",
    params(("id" = uuid::Uuid, Path, description = "The finding.")),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_finding(
    permit: Permit<op::DeleteFinding>,
    State(app): State<App>,
    Id(id): Id<FindingId>,
) -> Result<StatusCode, Problem> {
    findings::remove(&app.store, &permit, id, app.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
