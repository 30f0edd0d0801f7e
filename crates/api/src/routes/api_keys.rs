//! Credentials of programs: `/api/v1/api-keys`.

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod revoke;
pub(crate) mod shapes;
