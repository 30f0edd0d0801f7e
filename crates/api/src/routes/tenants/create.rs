//! `POST /api/v1/tenants`

use axum::{extract::State, response::Response};
use custody_auth::op;
use custody_store::tenants;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shapes::TenantBody;
use crate::{
    App, Permit,
    extract::Json,
    problem::{Problem, ProblemBody},
    routes::{created::created, invitations::shapes::NewInvitationBody},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "acme", "title": "Acme Corporation", "admin_email": "ada@acme.example"}))]
pub(crate) struct NewTenant {
    /// 1 to 63 small letters, digits and hyphens.
    name: String,
    /// What people read; the name if not given.
    title: Option<String>,
    /// Is invited as the first admin: an operator has no rights within the tenant.
    admin_email: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedTenant {
    #[serde(flatten)]
    tenant: TenantBody,
    /// The first admin's, with its secret, if an address was given.
    invitation: Option<NewInvitationBody>,
}

/// Create a tenant
///
/// With an empty log. Both the new tenant's log and the operators' tell of it.
#[utoipa::path(
    post, path = "/api/v1/tenants", operation_id = "createTenant", tag = "tenants",
    request_body = NewTenant,
    responses(
        (status = 201, description = "Made.", body = CreatedTenant),
        (status = 409, description = "The name is taken.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_tenant(
    permit: Permit<op::CreateTenant>,
    State(app): State<App>,
    Json(new): Json<NewTenant>,
) -> Result<Response, Problem> {
    let title = new.title.unwrap_or_else(|| new.name.clone());
    let new = tenants::NewTenant { name: new.name, title, admin_email: new.admin_email };
    let made = tenants::create(&app.store, &permit, new, app.now()).await?;
    let location = format!("/api/v1/tenants/{}", made.tenant.id);
    let invitation = made.invitation.map(NewInvitationBody::from);
    Ok(created(location, &CreatedTenant { tenant: made.tenant.into(), invitation }))
}
