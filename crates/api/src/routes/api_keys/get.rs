//! `GET /api/v1/api-keys/{id}`

use axum::{Json, extract::State};
use custody_auth::op;
use custody_domain::KeyId;
use custody_store::api_keys;

use super::shapes::ApiKeyBody;
use crate::{App, Permit, extract::Id, problem::Problem};

/// Get an API key
#[utoipa::path(
    get, path = "/api/v1/api-keys/{id}", operation_id = "getApiKey", tag = "api keys",
    params(("id" = uuid::Uuid, Path, description = "The key's id.")),
    responses((status = 200, description = "The key, without its secret.", body = ApiKeyBody))
)]
pub(crate) async fn get_api_key(
    permit: Permit<op::GetApiKey>,
    State(app): State<App>,
    Id(id): Id<KeyId>,
) -> Result<Json<ApiKeyBody>, Problem> {
    Ok(Json(api_keys::get(&app.store, &permit, id).await?.into()))
}
