//! What scans found: `/api/v1/findings`.

pub(crate) mod causes;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod detail;
pub(crate) mod filters;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod risks;
pub(crate) mod said;
pub(crate) mod shapes;
pub(crate) mod stats;
pub(crate) mod triage;
pub(crate) mod triage_many;
