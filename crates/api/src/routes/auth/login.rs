//! `POST /api/v1/auth/login`

use axum::{Json as Answer, extract::State};
use custody_auth::op;
use custody_store::sign_in::{SignIn, sign_in};
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
#[schema(example = json!({"email": "ada@acme.example", "password": "correct horse battery", "tenant": "acme"}))]
pub(crate) struct Login {
    email: String,
    /// Or a one-time secret (`cust1_…`).
    password: String,
    /// Slug or id. May be left out by who belongs to one tenant.
    tenant: Option<String>,
}

/// Sign in
///
/// With an address and a password, or a one-time secret in its place. Whatever is wrong, the answer
/// is one. Attempts are limited per account and address.
#[utoipa::path(
    post, path = "/api/v1/auth/login", operation_id = "login", tag = "auth",
    request_body = Login,
    responses(
        (status = 200, description = "A session began.", body = SessionTokens),
        (status = 401, description = "Not a valid sign-in.", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn login(
    open: Open<op::Login>,
    State(app): State<App>,
    Json(login): Json<Login>,
) -> Result<Answer<SessionTokens>, Problem> {
    let Login { email, password, tenant } = login;
    let request = SignIn { email, password, tenant };
    let limits = (&app.passwords, &app.sign_in_limits);
    let started = sign_in(&app.store, limits, &request, open.origin, app.now()).await?;
    tokens(&app, started).await
}
