//! `DELETE /api/v1/users/{id}`

use axum::extract::State;
use custody_auth::op;
use custody_domain::UserId;
use custody_store::memberships;
use http::StatusCode;

use crate::{
    App, Permit,
    extract::Id,
    problem::{Problem, ProblemBody},
};

/// Remove a user from the tenant
///
/// The person and their other memberships stay.
#[utoipa::path(
    delete, path = "/api/v1/users/{id}", operation_id = "removeUser", tag = "people",
    params(("id" = uuid::Uuid, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "No member any more."),
        (status = 409, description = "They are the last admin.", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove_user(
    permit: Permit<op::RemoveUser>,
    State(app): State<App>,
    Id(id): Id<UserId>,
) -> Result<StatusCode, Problem> {
    memberships::remove(&app.store, &permit, id, app.now()).await?;
    app.authenticator.forget();
    Ok(StatusCode::NO_CONTENT)
}
