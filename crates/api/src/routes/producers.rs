//! `/api/v1/producers`: whose events are numbered, and which numbers have not come.

pub(crate) mod list;
