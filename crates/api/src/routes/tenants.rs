//! Tenants: `/api/v1/tenants`.

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod shapes;
