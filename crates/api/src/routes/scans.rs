//! Scans of cloud accounts: `/api/v1/scans`.

pub(crate) mod cancel;
pub(crate) mod checks;
pub(crate) mod compare;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod export;
pub(crate) mod get;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod report;
pub(crate) mod shapes;
pub(crate) mod status;
pub(crate) mod stream;
pub(crate) mod update;
