//! Work that outlives the request that asked for it: `/api/v1/jobs`.

pub(crate) mod cancel;
pub(crate) mod files;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod retry;
pub(crate) mod shapes;
pub(crate) mod stream;
