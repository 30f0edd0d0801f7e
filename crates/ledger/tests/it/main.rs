//! The ledger on a real database, through its real roles.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod append;
mod clock;
mod columns;
mod events;
mod fixture;
mod reading;
mod redaction;
mod version_one;
