//! Compliance frameworks: `/api/v1/frameworks`.

pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod shapes;
