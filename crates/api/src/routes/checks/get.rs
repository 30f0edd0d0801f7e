//! `GET /api/v1/checks/{id}`

use axum::{Json, extract::State};
use custody_auth::op;

use super::{
    detail::CheckDetailBody,
    shapes::{CheckId, ProviderParameter, asked},
};
use crate::{
    App, Permit,
    extract::{Id, Parameters},
    problem::Problem,
};

/// Get a check
///
/// With its texts, what to do about a failure, and the requirements that it stands for.
#[utoipa::path(
    get, path = "/api/v1/checks/{id}", operation_id = "getCheck", tag = "scans",
    params(("id" = String, Path, description = "The check: `s3_bucket_public_access`."), ProviderParameter),
    responses((status = 200, description = "As it is now.", body = CheckDetailBody))
)]
pub(crate) async fn get_check(
    permit: Permit<op::GetCheck>,
    State(app): State<App>,
    Id(CheckId(id)): Id<CheckId>,
    Parameters(provider): Parameters<ProviderParameter>,
) -> Result<Json<CheckDetailBody>, Problem> {
    let checks = app.scans.checks(&permit, provider.name()).await.map_err(asked)?;
    Ok(Json(CheckDetailBody::of(&checks, &id)?))
}
