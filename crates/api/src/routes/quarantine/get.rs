//! `GET /api/v1/quarantine/{id}`

use axum::{Json, extract::State};
use custody_auth::op;
use custody_domain::QuarantineId;
use custody_store::quarantine;

use super::shapes::QuarantinedItem;
use crate::{App, Permit, extract::Id, problem::Problem};

/// Get a quarantined item
#[utoipa::path(
    get, path = "/api/v1/quarantine/{id}", operation_id = "getQuarantined", tag = "quarantine",
    params(("id" = uuid::Uuid, Path, description = "The `quarantine_id` that was answered.")),
    responses((status = 200, description = "The item, without its bytes.", body = QuarantinedItem))
)]
pub(crate) async fn get_quarantined(
    permit: Permit<op::GetQuarantined>,
    State(app): State<App>,
    Id(id): Id<QuarantineId>,
) -> Result<Json<QuarantinedItem>, Problem> {
    let mut tx = app.store.tenant_tx(&permit).await?;
    let item = quarantine::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Json(item.ok_or_else(Problem::not_found)?.into()))
}
