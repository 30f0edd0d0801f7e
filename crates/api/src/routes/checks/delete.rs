//! `DELETE /api/v1/checks/{id}`

use axum::extract::State;
use custody_auth::op;
use http::StatusCode;

use super::shapes::{CheckId, ProviderParameter, asked};
use crate::{
    App, Permit,
    extract::{Id, Parameters},
    problem::Problem,
};

/// Take back what was said of a check
///
/// A check of the tenant's own is gone with it; its findings stay. One of the engine's is again as the
/// engine has it; 404 where the tenant has said nothing of it.
#[utoipa::path(
    delete, path = "/api/v1/checks/{id}", operation_id = "deleteCheck", tag = "scans",
    params(("id" = String, Path, description = "The check."), ProviderParameter),
    responses((status = 204, description = "It is taken back."))
)]
pub(crate) async fn delete_check(
    permit: Permit<op::DeleteCheck>,
    State(app): State<App>,
    Id(CheckId(id)): Id<CheckId>,
    Parameters(provider): Parameters<ProviderParameter>,
) -> Result<StatusCode, Problem> {
    app.scans.delete_check(&permit, provider.name(), &id).await.map_err(asked)?;
    Ok(StatusCode::NO_CONTENT)
}
