//! The ledger on a real database, through its real roles.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod append;
mod clock;
mod columns;
mod commit;
mod entry_stream;
mod events;
mod fixture;
mod follow;
mod producers;
mod reading;
mod redaction;
mod requests;
mod tree;
mod version_one;
