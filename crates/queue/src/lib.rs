//! Work that survives: jobs, the workers that run them, and what hands jobs to workers: PostgreSQL
//! alone, or Amazon SQS beside it.
//!
//! May know: the tables of jobs in `store`, Amazon SQS. Must not: know what a job does, HTTP, or hand a
//! handler more than its tenant's scope.

pub mod context;
pub mod dispatch;
pub mod enqueue;
pub mod hear;
pub mod isolated;
pub mod job;
pub mod kinds;
pub mod limits;
pub mod postgres;
pub mod schedules;
mod signal;
pub mod sqs;
pub mod worker;

pub use context::OpContext;
pub use custody_store::jobs::{EnqueueError, Enqueued, IfTaken};
pub use dispatch::{Dispatch, DispatchError, Handed, Room, Slots};
pub use enqueue::{Options, enqueue, enqueue_for_system};
pub use isolated::Launcher;
pub use job::{Done, Job, JobError};
pub use kinds::Kinds;
pub use limits::{Backoff, Limits};
pub use postgres::Postgres;
pub use sqs::Sqs;
pub use worker::{Worker, WorkerConfig};
