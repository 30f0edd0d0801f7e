//! Schedules: `/api/v1/schedules`.

pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod set;
