//! `GET /api/v1/tenants/{id}`

use axum::{Json, extract::State};
use custody_auth::op;
use custody_domain::TenantId;
use custody_store::tenants;

use super::shapes::TenantBody;
use crate::{App, Permit, extract::Id, problem::Problem};

/// Get a tenant
///
/// One of those that the list would show.
#[utoipa::path(
    get, path = "/api/v1/tenants/{id}", operation_id = "getTenant", tag = "tenants",
    params(("id" = uuid::Uuid, Path, description = "The tenant's id.")),
    responses((status = 200, description = "The tenant.", body = TenantBody))
)]
pub(crate) async fn get_tenant(
    permit: Permit<op::GetTenant>,
    State(app): State<App>,
    Id(id): Id<TenantId>,
) -> Result<Json<TenantBody>, Problem> {
    let tenant = tenants::get(&app.store, &permit, id).await?;
    Ok(Json(tenant.into()))
}
