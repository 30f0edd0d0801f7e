//! What was sent and could not become an entry: `/api/v1/quarantine`.

pub(crate) mod content;
pub(crate) mod drop;
pub(crate) mod drop_many;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod replay;
pub(crate) mod replay_many;
pub(crate) mod selection;
pub(crate) mod shapes;
