//! Parts that the tests of every crate share: a database of one's own, real data, the entries that
//! benches write, faults between a client and its server, bounded waiting.
//!
//! May know: PostgreSQL, HTTP and the file system. Must not: depend on a crate of the product, so that
//! every one of them can use it in its tests.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "in a test a panic is the report")]

pub mod data;
pub mod database;
pub mod entries;
pub mod http_faults;
pub mod opensearch;
pub mod proxy;
pub mod wait;

pub use database::TestDatabase;
pub use http_faults::{Fault, HttpFaults};
pub use opensearch::OpenSearchNode;
pub use proxy::Proxy;
pub use wait::eventually;
