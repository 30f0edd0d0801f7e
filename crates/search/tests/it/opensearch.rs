//! The executor over OpenSearch: a real node, beside a log in memory or the ledger itself.

mod bombs;
mod faults;
pub(crate) mod fixture;
mod follower;
mod index;
mod killed;
mod property;
mod server;
