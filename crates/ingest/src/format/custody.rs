//! Our own form: the event is the content. Only what a sender may say about the tenant is taken out.

use custody_domain::{
    TenantId,
    json::{Object, Value},
};

use super::Unmappable;

/// A `tenant_id`, where there is one, must be the credential's; it is no part of the content.
pub(super) fn map(mut event: Object<'_>, tenant: TenantId) -> Result<Object<'_>, Unmappable> {
    match event.remove("tenant_id") {
        None => Ok(event),
        Some(Value::String(id)) if id.parse() == Ok(tenant) => Ok(event),
        Some(_) => Err(Unmappable::OtherTenant),
    }
}
