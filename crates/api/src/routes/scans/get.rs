//! `GET /api/v1/scans/{id}`

use axum::{Json, extract::State};
use custody_auth::{Scope, op};
use custody_domain::ScanId;
use custody_store::scans::{self, Scan};

use super::shapes::ScanBody;
use crate::{App, Permit, extract::Id, problem::Problem};

/// Get a scan
#[utoipa::path(
    get, path = "/api/v1/scans/{id}", operation_id = "getScan", tag = "scans",
    params(("id" = uuid::Uuid, Path, description = "The scan.")),
    responses((status = 200, description = "As it is now.", body = ScanBody))
)]
pub(crate) async fn get_scan(
    permit: Permit<op::GetScan>,
    State(app): State<App>,
    Id(id): Id<ScanId>,
) -> Result<Json<ScanBody>, Problem> {
    Ok(Json(now(&app, &permit, id).await?.try_into()?))
}

/// As it is now.
pub(crate) async fn now(app: &App, scope: &Scope, id: ScanId) -> Result<Scan, Problem> {
    let mut tx = app.store.tenant_tx(scope).await?;
    let mut scan = scans::get(&mut tx, id).await?;
    if !scan.status.has_ended() && scans::settle(&mut tx).await?.contains(&id) {
        scan = scans::get(&mut tx, id).await?;
    }
    tx.commit().await?;
    Ok(scan)
}
