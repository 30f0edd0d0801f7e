//! `PATCH /api/v1/users/{id}`

use axum::{Json as Answer, extract::State};
use custody_auth::{Role, op};
use custody_domain::UserId;
use custody_store::{memberships, users};
use serde::Deserialize;
use utoipa::ToSchema;

use super::shapes::UserBody;
use crate::{
    App, Permit,
    extract::{Id, Json},
    problem::{Problem, ProblemBody},
    routes::shapes::RoleName,
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "auditor"}))]
pub(crate) struct UserChange {
    #[schema(value_type = RoleName)]
    role: Role,
}

/// Change a user's role
///
/// It acts at once on this server and within five seconds on others, whatever their tokens say.
#[utoipa::path(
    patch, path = "/api/v1/users/{id}", operation_id = "updateUser", tag = "people",
    params(("id" = uuid::Uuid, Path, description = "The user's id.")),
    request_body = UserChange,
    responses(
        (status = 200, description = "The member as they are now.", body = UserBody),
        (status = 409, description = "They are the last admin.", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn update_user(
    permit: Permit<op::UpdateUser>,
    State(app): State<App>,
    Id(id): Id<UserId>,
    Json(change): Json<UserChange>,
) -> Result<Answer<UserBody>, Problem> {
    memberships::set_role(&app.store, &permit, id, change.role, app.now()).await?;
    app.authenticator.forget();
    Ok(Answer(users::get(&app.store, &permit, id).await?.into()))
}
