//! `GET /api/v1/providers/{id}`

use axum::{Json, extract::State};
use custody_auth::op;
use custody_domain::ProviderId;
use custody_store::providers;

use super::shapes::ProviderBody;
use crate::{App, Permit, extract::Id, problem::Problem};

/// Get a connected account
#[utoipa::path(
    get, path = "/api/v1/providers/{id}", operation_id = "getProvider", tag = "scans",
    params(("id" = uuid::Uuid, Path, description = "The connected account.")),
    responses((status = 200, description = "As it is now.", body = ProviderBody))
)]
pub(crate) async fn get_provider(
    permit: Permit<op::GetProvider>,
    State(app): State<App>,
    Id(id): Id<ProviderId>,
) -> Result<Json<ProviderBody>, Problem> {
    let mut tx = app.store.tenant_tx(&permit).await?;
    let connection = providers::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Json(connection.into()))
}
