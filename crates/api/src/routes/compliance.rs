//! How far requirements are met: `/api/v1/compliance`.

pub(crate) mod framework;
pub(crate) mod get;
pub(crate) mod shapes;
