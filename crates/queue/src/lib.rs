//! Work that survives: jobs, the workers that run them, and schedules.
//!
//! May know: the tables of jobs in `store`, Amazon SQS. Must not: know what a job does, HTTP, or hand a
//! handler more than its tenant's scope.

pub mod sqs;
