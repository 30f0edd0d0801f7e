//! The objects port: the suite that every part runs, what is a part's own, and the faults.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod bucket;
mod bytes_alive;
mod conformance;
mod directory;
mod disk_full;
mod keys;
mod killed;
mod s3;
mod s3_faults;
mod support;
