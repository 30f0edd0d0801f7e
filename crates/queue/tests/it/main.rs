//! What the queue promises, on PostgreSQL and on Amazon SQS.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod claims;
mod conformance;
mod fixture;
mod not_mine;
mod probe;
mod schedules;
mod sqs;
mod strays;
mod sweep;
