//! Schedules: `/api/v1/schedules`.

pub(crate) mod list;
