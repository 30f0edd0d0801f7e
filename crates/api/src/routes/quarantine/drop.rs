//! `DELETE /api/v1/quarantine/{id}`

use axum::extract::State;
use custody_auth::op;
use custody_domain::QuarantineId;
use custody_ingest::quarantine;
use http::StatusCode;

use crate::{App, Permit, extract::Id, problem::Problem};

/// Drop a quarantined item
///
/// What was sent is gone then; an entry in the log says who dropped it, and what it was not.
#[utoipa::path(
    delete, path = "/api/v1/quarantine/{id}", operation_id = "dropQuarantined", tag = "quarantine",
    params(("id" = uuid::Uuid, Path, description = "The `quarantine_id` that was answered.")),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn drop_quarantined(
    permit: Permit<op::DropQuarantined>,
    State(app): State<App>,
    Id(id): Id<QuarantineId>,
) -> Result<StatusCode, Problem> {
    match quarantine::discard(&app.store, &permit, &[id]).await? {
        0 => Err(Problem::not_found()),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
