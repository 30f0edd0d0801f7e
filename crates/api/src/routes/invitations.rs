//! Invitations into the tenant: `/api/v1/invitations`.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;
pub(crate) mod shapes;
