//! What was sent and could not become an entry: `/api/v1/quarantine`.

pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod shapes;
