//! `GET /api/v1/mask-policy`

use axum::{Json, extract::State};
use custody_auth::op;
use custody_ingest::mask::MaskPolicy;
use custody_store::mask_policies;

use super::shapes::MaskPolicyBody;
use crate::{App, Permit, problem::Problem};

/// Get the mask policy
///
/// The tenant's own, or the default.
#[utoipa::path(
    get, path = "/api/v1/mask-policy", operation_id = "getMaskPolicy", tag = "tenants",
    responses((status = 200, description = "The policy in force.", body = MaskPolicyBody))
)]
pub(crate) async fn get_mask_policy(
    permit: Permit<op::GetMaskPolicy>,
    State(app): State<App>,
) -> Result<Json<MaskPolicy>, Problem> {
    let stored = mask_policies::get(&app.store, &permit).await?;
    let policy = stored.map(|stored| serde_json::from_value(stored.policy)).transpose();
    Ok(Json(policy.map_err(Problem::internal)?.unwrap_or_default()))
}
