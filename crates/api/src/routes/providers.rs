//! Accounts that are scanned: `/api/v1/providers`.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod shapes;
pub(crate) mod update;
