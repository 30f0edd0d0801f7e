//! Schedules: jobs that are asked for by the clock. Rows of the database; every process that runs jobs
//! fires those that are due, and each due time is fired by one of them.

mod declared;
mod fire;
mod run;
mod timing;

pub use declared::declared;
pub use fire::{fire_due, run_now};
pub use run::run;
pub use timing::{Times, TimingError};
