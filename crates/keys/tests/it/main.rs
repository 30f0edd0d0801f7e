//! The keys port: the suite that every part runs, and what is the local file's own.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod conformance;
mod local_file;
