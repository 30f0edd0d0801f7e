//! `DELETE /api/v1/scans/{id}`

use axum::extract::State;
use custody_auth::op;
use custody_domain::ScanId;
use custody_store::scans::{self, Deleted};
use http::StatusCode;

use crate::{
    App, Permit,
    extract::Id,
    problem::{Kind, Problem, ProblemBody},
};

/// Delete a scan
///
/// With its checks, its log and its findings; what people said of those stays for other scans that find
/// the same. Findings of the scan that it was compared with count as the latest again.
#[utoipa::path(
    delete, path = "/api/v1/scans/{id}", operation_id = "deleteScan", tag = "scans",
    params(("id" = uuid::Uuid, Path, description = "The scan.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, description = "It runs, or waits to: cancel it first.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete_scan(
    permit: Permit<op::DeleteScan>,
    State(app): State<App>,
    Id(id): Id<ScanId>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.store.tenant_tx(&permit).await?;
    scans::settle(&mut tx).await?;
    let deleted = scans::delete(&mut tx, &permit, id).await?;
    tx.commit().await?;
    match deleted {
        Deleted::Gone { .. } => Ok(StatusCode::NO_CONTENT),
        Deleted::NotEnded(_) => Err(Problem::new(Kind::Conflict, "The scan has not ended; cancel it first.")),
    }
}
