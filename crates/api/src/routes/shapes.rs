//! Shapes that several resources have in common.

#![expect(dead_code, reason = "they exist for their schemas alone")]

use utoipa::ToSchema;

/// A role within one tenant. `operator` exists in the reserved tenant alone.
#[derive(ToSchema)]
#[schema(as = Role, rename_all = "lowercase")]
pub(crate) enum RoleName {
    /// Runs the tenant: its people, keys, policies; reads and writes entries.
    Admin,
    /// Reads everything of the tenant, changes nothing.
    Auditor,
    /// Writes entries, reads those that they wrote themselves.
    User,
    /// Writes entries and reads nothing.
    Writer,
    /// Runs the installation; sees no tenant's data.
    Operator,
}
