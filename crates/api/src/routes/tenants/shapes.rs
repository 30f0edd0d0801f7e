//! A tenant as it is shown.

use chrono::{DateTime, Utc};
use custody_domain::TenantId;
use custody_store::tenants::Tenant;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(crate) struct TenantBody {
    #[schema(value_type = Uuid)]
    id: TenantId,
    /// What people type: small letters, digits and hyphens.
    #[schema(example = "acme")]
    name: String,
    /// What people read.
    #[schema(example = "Acme Corporation")]
    title: String,
    /// `active` or `suspended`: a suspended tenant's credentials are not valid.
    status: &'static str,
    created_at: DateTime<Utc>,
}

impl From<Tenant> for TenantBody {
    fn from(tenant: Tenant) -> Self {
        Self {
            id: tenant.id,
            name: tenant.name,
            title: tenant.title,
            status: tenant.status.as_str(),
            created_at: tenant.created_at,
        }
    }
}
