//! `POST /api/v1/auth/password`

use axum::extract::State;
use custody_auth::op;
use custody_store::users;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App, Permit,
    extract::Json,
    problem::{Kind, Problem, ProblemBody},
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "correct horse battery", "password": "staple correct horse"}))]
pub(crate) struct NewPassword {
    /// Not asked for after a sign-in with a one-time secret.
    current_password: Option<String>,
    /// 12 characters at least, 256 bytes at most.
    password: String,
}

/// Set a new password
///
/// All other sessions of the person end.
#[utoipa::path(
    post, path = "/api/v1/auth/password", operation_id = "setPassword", tag = "auth",
    request_body = NewPassword,
    responses(
        (status = 204, description = "It is set."),
        (status = 409, description = "The credential is no person's session.", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set_password(
    permit: Permit<op::SetPassword>,
    State(app): State<App>,
    Json(new): Json<NewPassword>,
) -> Result<StatusCode, Problem> {
    if permit.authenticated().session().is_none() {
        return Err(Problem::new(
            Kind::Conflict,
            "This credential is no person's session, and has no password.",
        ));
    }
    let limits = (&app.passwords, &app.sign_in_limits);
    let current = new.current_password.as_deref();
    users::set_password(&app.store, limits, &permit, current, &new.password, app.now()).await?;
    app.authenticator.forget();
    Ok(StatusCode::NO_CONTENT)
}
