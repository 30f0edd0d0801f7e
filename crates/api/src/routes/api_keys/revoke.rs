//! `DELETE /api/v1/api-keys/{id}`

use axum::extract::State;
use custody_auth::op;
use custody_domain::KeyId;
use custody_store::api_keys;
use http::StatusCode;

use crate::{App, Permit, extract::Id, problem::Problem};

/// Revoke an API key
///
/// It acts at once on this server, within five seconds on others. The key stays in the list; one
/// that is revoked already stays as it is.
#[utoipa::path(
    delete, path = "/api/v1/api-keys/{id}", operation_id = "revokeApiKey", tag = "api keys",
    params(("id" = uuid::Uuid, Path, description = "The key's id.")),
    responses((status = 204, description = "The key is of no use any more."))
)]
pub(crate) async fn revoke_api_key(
    permit: Permit<op::RevokeApiKey>,
    State(app): State<App>,
    Id(id): Id<KeyId>,
) -> Result<StatusCode, Problem> {
    api_keys::revoke(&app.store, &permit, id, app.now()).await?;
    app.authenticator.forget();
    Ok(StatusCode::NO_CONTENT)
}
