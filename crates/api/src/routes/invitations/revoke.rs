//! `DELETE /api/v1/invitations/{id}`

use axum::extract::State;
use custody_auth::op;
use custody_domain::InvitationId;
use custody_store::invitations;
use http::StatusCode;

use crate::{App, Permit, extract::Id, problem::Problem};

/// Revoke an invitation
///
/// One that was accepted or revoked before is not found.
#[utoipa::path(
    delete, path = "/api/v1/invitations/{id}", operation_id = "revokeInvitation", tag = "people",
    params(("id" = uuid::Uuid, Path, description = "The invitation's id.")),
    responses((status = 204, description = "Its secret is of no use any more."))
)]
pub(crate) async fn revoke_invitation(
    permit: Permit<op::RevokeInvitation>,
    State(app): State<App>,
    Id(id): Id<InvitationId>,
) -> Result<StatusCode, Problem> {
    invitations::revoke(&app.store, &permit, id, app.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
