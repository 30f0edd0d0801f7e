//! An API key as it is shown: never its secret.

use chrono::{DateTime, Utc};
use custody_auth::Role;
use custody_domain::KeyId;
use custody_store::api_keys::ApiKey;
use serde::Serialize;
use utoipa::ToSchema;

use crate::routes::shapes::RoleName;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct ApiKeyBody {
    #[schema(value_type = Uuid)]
    id: KeyId,
    #[schema(example = "shop, production")]
    name: String,
    /// The public part of the key, to know it again by.
    #[schema(example = "k3v7q2m5x4ab")]
    prefix: String,
    #[schema(value_type = RoleName)]
    role: Role,
    /// The principal that made it.
    created_by: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl From<ApiKey> for ApiKeyBody {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            role: key.role,
            created_by: key.created_by,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
        }
    }
}
