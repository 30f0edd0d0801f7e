//! Entries: `/api/v1/logs`.

pub(crate) mod answer;
pub(crate) mod bulk;
pub(crate) mod create;
pub(crate) mod export;
pub(crate) mod filters;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod proof;
pub(crate) mod related;
pub(crate) mod shapes;
pub(crate) mod stats;
pub(crate) mod stream;
