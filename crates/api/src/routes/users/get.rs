//! `GET /api/v1/users/{id}`

use axum::{Json, extract::State};
use custody_auth::op;
use custody_domain::UserId;
use custody_store::users;

use super::shapes::UserBody;
use crate::{App, Permit, extract::Id, problem::Problem};

/// Get a user
#[utoipa::path(
    get, path = "/api/v1/users/{id}", operation_id = "getUser", tag = "people",
    params(("id" = uuid::Uuid, Path, description = "The user's id.")),
    responses((status = 200, description = "The member.", body = UserBody))
)]
pub(crate) async fn get_user(
    permit: Permit<op::GetUser>,
    State(app): State<App>,
    Id(id): Id<UserId>,
) -> Result<Json<UserBody>, Problem> {
    Ok(Json(users::get(&app.store, &permit, id).await?.into()))
}
