//! A connected account as it is shown.

use chrono::{DateTime, Utc};
use custody_domain::ProviderId;
use custody_store::providers::Connection;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Its credentials are never shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Provider, example = json!({
    "id": "01932f5e-7b1c-7c2a-9d5e-0a2b3c4d5e6f", "name": "production", "provider": "aws",
    "account": "123456789012", "settings": {"role_arn": "arn:aws:iam::123456789012:role/audit"},
    "has_credentials": true, "version": 2, "created_at": "2026-01-31T08:30:00Z",
    "created_by": "user:01932f5e-0000-7000-8000-000000000001", "updated_at": "2026-01-31T08:31:00Z",
}))]
pub(crate) struct ProviderBody {
    #[schema(value_type = uuid::Uuid)]
    pub(crate) id: ProviderId,
    name: String,
    /// Prowler's name of it: `aws`, `azure`, …
    provider: String,
    /// Null until a scan has seen it.
    account: Option<String>,
    /// What is no secret.
    #[schema(value_type = Object)]
    settings: Value,
    has_credentials: bool,
    #[schema(minimum = 1)]
    version: u64,
    created_at: DateTime<Utc>,
    /// Who connected it, as an entry's `recorded_by.principal`.
    created_by: String,
    updated_at: DateTime<Utc>,
}

impl From<Connection> for ProviderBody {
    fn from(connection: Connection) -> Self {
        Self {
            id: connection.id,
            name: connection.name,
            provider: connection.provider,
            account: connection.account,
            settings: connection.settings,
            has_credentials: connection.has_credentials,
            version: connection.version,
            created_at: connection.created_at,
            created_by: connection.created_by,
            updated_at: connection.updated_at,
        }
    }
}
