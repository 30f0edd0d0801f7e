//! Exports out of a real log.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod bounded;
mod fixture;
mod parquet;
