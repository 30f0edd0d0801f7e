//! `GET /api/v1/auth/me`

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use custody_auth::{Credential, Role, op};
use custody_store::tenants;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    App, Permit,
    problem::Problem,
    routes::{shapes::RoleName, tenants::shapes::TenantBody},
};

/// Whose credential it is, and what it may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// What entries will say in `recorded_by.principal`.
    principal: String,
    /// A person's address, a key's or a token's name.
    name: Option<String>,
    tenant: TenantBody,
    #[schema(value_type = RoleName)]
    role: Role,
    /// The query whose entries may be read, where the membership gives a part of them.
    grant: Option<String>,
    credential: CredentialBody,
    must_set_password: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Credential)]
pub(crate) struct CredentialBody {
    /// `session`, `api_key`, `issued_token`, `outside`.
    r#type: &'static str,
    id: Option<Uuid>,
    /// When it ends as it was shown; null for a key without an end.
    expires_at: Option<DateTime<Utc>>,
}

/// Who am I
#[utoipa::path(
    get, path = "/api/v1/auth/me", operation_id = "getMe", tag = "auth",
    responses((status = 200, description = "The credential's holder.", body = Me))
)]
pub(crate) async fn get_me(permit: Permit<op::GetMe>, State(app): State<App>) -> Result<Json<Me>, Problem> {
    let who = permit.authenticated();
    let kind = match who.credential() {
        Credential::Session(_) => "session",
        Credential::ApiKey { .. } => "api_key",
        Credential::IssuedToken(_) => "issued_token",
        Credential::Outside => "outside",
    };
    Ok(Json(Me {
        principal: who.principal().to_string(),
        name: who.name().map(str::to_owned),
        tenant: tenants::own(&app.store, &permit).await?.into(),
        role: who.role(),
        grant: who.row_grant().map(|grant| grant.text().to_owned()),
        credential: CredentialBody { r#type: kind, id: who.credential_id(), expires_at: who.expires_at() },
        must_set_password: who.must_set_password(),
    }))
}
