//! `POST /api/v1/auth/token`

use axum::{Json as Answer, extract::State};
use custody_auth::op;
use custody_store::sessions;
use serde::Deserialize;
use utoipa::ToSchema;

use super::shapes::{SessionTokens, tokens};
use crate::{
    App,
    extract::Json,
    permit::Open,
    problem::{Problem, ProblemBody},
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "custr_…", "tenant": "acme"}))]
pub(crate) struct Refresh {
    refresh_token: String,
    /// Another of the person's tenants, by name or id: a session begins there, and this one ends.
    tenant: Option<String>,
}

/// Renew a session, or switch its tenant
///
/// The refresh token is good once. One that is shown a second time was copied: the session ends.
#[utoipa::path(
    post, path = "/api/v1/auth/token", operation_id = "refreshToken", tag = "auth",
    request_body = Refresh,
    responses(
        (status = 200, description = "The next tokens.", body = SessionTokens),
        (status = 401, description = "Not good (any more), or not a tenant of theirs.", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn refresh_token(
    open: Open<op::RefreshToken>,
    State(app): State<App>,
    Json(refresh): Json<Refresh>,
) -> Result<Answer<SessionTokens>, Problem> {
    let Refresh { refresh_token, tenant } = refresh;
    let renewed =
        sessions::refresh(&app.store, &refresh_token, tenant.as_deref(), open.origin, app.now()).await;
    tokens(&app, renewed?).await
}
