//! `POST /api/v1/invitations`

use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse as _, Response},
};
use custody_auth::{Role, op};
use custody_store::invitations;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::shapes::InvitationBody;
use crate::{
    App, Permit,
    extract::Json,
    problem::Problem,
    routes::{row_grant, shapes::RoleName},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "ada@acme.example", "role": "auditor"}))]
pub(crate) struct NewInvitation {
    email: String,
    #[schema(value_type = RoleName)]
    role: Role,
    /// Of an auditor: a query (docs/query.md) that everything they read is AND-ed with.
    grant: Option<String>,
}

/// Invite somebody
///
/// The answer is the same whether the address is known here or not, and holds no secret: an operator
/// hands that to the person (`custody invitation secret`). An open invitation of the same address is
/// revoked.
#[utoipa::path(
    post, path = "/api/v1/invitations", operation_id = "createInvitation", tag = "people",
    request_body = NewInvitation,
    responses((status = 201, description = "The invitation.", body = InvitationBody))
)]
pub(crate) async fn create_invitation(
    permit: Permit<op::CreateInvitation>,
    State(app): State<App>,
    Json(new): Json<NewInvitation>,
) -> Result<Response, Problem> {
    let row_grant = row_grant::read(new.grant.as_deref())?;
    let new = invitations::NewInvitation { email: new.email, role: new.role, row_grant };
    let made = invitations::create(&app.store, &permit, new, app.now()).await?;
    Ok((StatusCode::CREATED, Answer(InvitationBody::from(made))).into_response())
}
