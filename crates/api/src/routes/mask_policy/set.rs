//! `PUT /api/v1/mask-policy`

use axum::{Json as Answer, extract::State};
use custody_auth::op;
use custody_ingest::mask::{MaskPolicy, Masker};
use custody_store::mask_policies;

use super::shapes::MaskPolicyBody;
use crate::{
    App, Permit,
    extract::Json,
    problem::{Fault, Kind, Problem},
};

/// Replace the mask policy
///
/// It acts at once on this server, within five seconds on others, on what is sent from then on: what is in the log was hashed as it
/// is.
#[utoipa::path(
    put, path = "/api/v1/mask-policy", operation_id = "setMaskPolicy", tag = "tenants",
    request_body = MaskPolicyBody,
    responses((status = 200, description = "The policy in force.", body = MaskPolicyBody))
)]
pub(crate) async fn set_mask_policy(
    permit: Permit<op::SetMaskPolicy>,
    State(app): State<App>,
    Json(policy): Json<MaskPolicy>,
) -> Result<Answer<MaskPolicy>, Problem> {
    Masker::new(&policy).map_err(|faults| {
        let faults = faults.into_iter().map(|fault| Fault::at(fault.pointer, fault.detail));
        Problem::new(Kind::Invalid, "The policy cannot be taken.").faults(faults)
    })?;
    let value = serde_json::to_value(&policy).map_err(Problem::internal)?;
    mask_policies::set(&app.store, &permit, value, app.now()).await?;
    app.ingest.mask_policy_changed(&permit).await;
    Ok(Answer(policy))
}
