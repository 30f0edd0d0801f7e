//! Tests of the executors: the suite that each must pass, and what is each one's own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod conformance;
mod counts;
mod database;
mod linear;
mod live;
mod memory;
mod opensearch;
mod property;
mod readers;
mod real;
mod tantivy;
mod turns;
mod walk;
