//! What a session is given: an access token, and what renews it.

use axum::Json;
use chrono::{DateTime, Utc};
use custody_auth::Role;
use custody_domain::{SessionId, TenantId, UserId};
use custody_store::sessions::Started;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{App, problem::Problem, routes::shapes::RoleName};

#[derive(Serialize, ToSchema)]
pub(crate) struct SessionTokens {
    /// Goes into `Authorization: Bearer …`.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// When the access token ends.
    expires_at: DateTime<Utc>,
    /// Good for one `POST /auth/token`, which answers the next. Shown twice, it ends the session.
    #[schema(example = "custr_…")]
    refresh_token: String,
    refresh_expires_at: DateTime<Utc>,
    #[schema(value_type = Uuid)]
    session_id: SessionId,
    /// Until then it can be renewed.
    session_expires_at: DateTime<Utc>,
    user: SignedIn,
    tenant: Place,
    #[schema(value_type = RoleName)]
    role: Role,
    /// Signed in with a one-time secret: until `POST /auth/password`, nothing else can be done.
    must_set_password: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    #[schema(value_type = Uuid)]
    pub(crate) id: UserId,
    pub(crate) email: String,
}

/// The tenant in which the tokens act.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Place {
    #[schema(value_type = Uuid)]
    pub(crate) id: TenantId,
    pub(crate) name: String,
}

/// Mints the access token of a session that began or goes on.
pub(crate) async fn tokens(app: &App, started: Started) -> Result<Json<SessionTokens>, Problem> {
    let who = (started.session, started.user);
    let place = (started.tenant, started.role);
    let minted = app.tokens.access(who, place, started.session_expires_at, app.now()).await?;
    Ok(Json(SessionTokens {
        access_token: minted.token.to_string(),
        token_type: "Bearer",
        expires_at: minted.expires_at,
        refresh_token: started.refresh_token.text.to_string(),
        refresh_expires_at: started.refresh_expires_at,
        session_id: started.session,
        session_expires_at: started.session_expires_at,
        user: SignedIn { id: started.user, email: started.email },
        tenant: Place { id: started.tenant, name: started.tenant_name },
        role: started.role,
        must_set_password: started.must_set_password,
    }))
}
