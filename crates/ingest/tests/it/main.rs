//! The way into the log on a real database, through its real roles.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod documentation;
mod fixture;
mod outbox;
mod policy;
mod proof;
mod quarantine;
mod replay;
mod submit;
