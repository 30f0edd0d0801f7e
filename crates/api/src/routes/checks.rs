//! What can be checked: `/api/v1/checks`.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod detail;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod shapes;
pub(crate) mod update;
