//! `POST /api/v1/auth/logout`

use axum::extract::State;
use custody_auth::op;
use custody_store::sessions;
use http::StatusCode;

use crate::{
    App, Permit,
    problem::{Kind, Problem, ProblemBody},
};

/// Sign out
///
/// Ends the session, its refresh token and, within five seconds, its access tokens.
#[utoipa::path(
    post, path = "/api/v1/auth/logout", operation_id = "logout", tag = "auth",
    responses(
        (status = 204, description = "The session has ended."),
        (status = 409, description = "The credential is no session.", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn logout(
    permit: Permit<op::Logout>,
    State(app): State<App>,
) -> Result<StatusCode, Problem> {
    if permit.authenticated().session().is_none() {
        return Err(Problem::new(
            Kind::Conflict,
            "This credential is no session; a key is revoked at /api/v1/api-keys.",
        ));
    }
    sessions::end(&app.store, &permit, app.now()).await?;
    app.authenticator.forget();
    Ok(StatusCode::NO_CONTENT)
}
