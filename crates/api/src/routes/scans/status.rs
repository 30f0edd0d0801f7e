//! `GET /api/v1/scans/{id}/status`

use axum::{Json, extract::State};
use custody_auth::op;
use custody_domain::ScanId;

use super::{get, shapes::StatusBody};
use crate::{App, Permit, extract::Id, problem::Problem};

/// Get how far a scan is
///
/// For polling; `version` rises with every change. The scan's stream sends the same.
#[utoipa::path(
    get, path = "/api/v1/scans/{id}/status", operation_id = "getScanStatus", tag = "scans",
    params(("id" = uuid::Uuid, Path, description = "The scan.")),
    responses((status = 200, description = "As it is now.", body = StatusBody))
)]
pub(crate) async fn get_scan_status(
    permit: Permit<op::GetScanStatus>,
    State(app): State<App>,
    Id(id): Id<ScanId>,
) -> Result<Json<StatusBody>, Problem> {
    Ok(Json(get::now(&app, &permit, id).await?.try_into()?))
}
