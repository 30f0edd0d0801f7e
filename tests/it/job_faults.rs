//! What becomes of jobs when something breaks: on both queues each is done, once in effect, and never by
//! a worker that has lost it. What was seen is written down in docs/reliability.md.

mod bad_input;
mod clock;
mod database_gone;
mod kill_worker;
mod poison;
mod relay;
mod sleeper;
mod sqs_away;
mod storm;
pub(crate) mod yard;

pub(crate) use yard::Part;

/// Each of these on both queues.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name(crate::job_faults::Part::Postgres).await })*
        }
        mod sqs {
            $(#[tokio::test] async fn $name() { super::$name(crate::job_faults::Part::Sqs).await })*
        }
    };
}
use on_both;

/// Whether the full size is asked for: `make soak`.
fn is_soak() -> bool {
    std::env::var_os("CUSTODY_SOAK").is_some()
}
