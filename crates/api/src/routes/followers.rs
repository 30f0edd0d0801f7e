//! `/api/v1/followers`: what is derived from the log, and how far.

pub(crate) mod list;
