//! `POST /api/v1/api-keys`

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use custody_auth::{Role, op};
use custody_store::api_keys;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shapes::ApiKeyBody;
use crate::{
    App, Permit,
    extract::Json,
    problem::Problem,
    routes::{created::created, shapes::RoleName},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "shop, production", "role": "writer", "expires_at": "2027-01-31T00:00:00Z"}))]
pub(crate) struct NewApiKey {
    name: String,
    #[schema(value_type = RoleName)]
    role: Role,
    /// Without it the key is good until it is revoked.
    expires_at: Option<DateTime<Utc>>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewApiKeyBody {
    #[serde(flatten)]
    shown: ApiKeyBody,
    /// The key itself, shown this once: only its hash is kept.
    #[schema(example = "cust_k3v7q2m5x4ab_…")]
    key: String,
}

/// Create an API key
#[utoipa::path(
    post, path = "/api/v1/api-keys", operation_id = "createApiKey", tag = "api keys",
    request_body = NewApiKey,
    responses((status = 201, description = "The key, shown this once.", body = NewApiKeyBody))
)]
pub(crate) async fn create_api_key(
    permit: Permit<op::CreateApiKey>,
    State(app): State<App>,
    Json(new): Json<NewApiKey>,
) -> Result<Response, Problem> {
    let new = api_keys::NewApiKey { name: new.name, role: new.role, expires_at: new.expires_at };
    let made = api_keys::create(&app.store, &permit, new, app.now()).await?;
    let location = format!("/api/v1/api-keys/{}", made.key.id);
    let key = made.text.reveal().to_owned();
    Ok(created(location, &NewApiKeyBody { shown: made.key.into(), key }))
}
