//! The executor over OpenSearch: a real node, beside a log in memory or the ledger itself.

mod faults;
mod fixture;
mod follower;
mod index;
mod killed;
mod property;
mod server;
