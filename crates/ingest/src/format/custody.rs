//! Our own form: the event is the content. Only what a sender may say about the tenant is taken out.

use custody_domain::{TenantId, json::Value};

/// Where a sender may name the tenant.
pub(super) const TENANT: &str = "tenant_id";

/// A `tenant_id`, where there is one, must be the credential's.
pub(super) fn is_of(said: &Value<'_>, tenant: TenantId) -> bool {
    said.as_str().is_some_and(|id| id.parse() == Ok(tenant))
}
